-- AlterTable
ALTER TABLE "participant" ADD COLUMN     "deleted_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "subscription_state" (
    "source" TEXT NOT NULL,
    "subscription" TEXT NOT NULL,
    "up_to" BIGINT NOT NULL,
    "ahead" BIGINT[],
    "told" BIGINT NOT NULL,
    "settled" BIGINT NOT NULL,
    "mark" BIGINT NOT NULL,
    "mark_at" TIMESTAMPTZ(3) NOT NULL,
    "heard_at" TIMESTAMPTZ(3) NOT NULL,
    "heartbeat_ms" INTEGER,
    "gap_due_at" TIMESTAMPTZ(3),
    "check_due_at" TIMESTAMPTZ(3),
    "reactivated_at" TIMESTAMPTZ(3),

    CONSTRAINT "subscription_state_pkey" PRIMARY KEY ("source","subscription")
);

-- CreateIndex
CREATE INDEX "subscription_state_gap_due_at_idx" ON "subscription_state"("gap_due_at");

-- CreateIndex
CREATE INDEX "subscription_state_check_due_at_idx" ON "subscription_state"("check_due_at");
