-- CreateTable
CREATE TABLE "audit_outbox" (
    "id" TEXT NOT NULL,
    "key" TEXT,
    "content" TEXT NOT NULL,
    "sequence" BIGINT,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "is_reported" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "audit_outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_log" (
    "sequence" BIGINT NOT NULL,
    "id" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "previous_hash" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("sequence")
);

-- CreateTable
CREATE TABLE "audit_chain" (
    "name" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "previous_hash" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_chain_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE UNIQUE INDEX "audit_outbox_key_key" ON "audit_outbox"("key");

-- CreateIndex
CREATE INDEX "audit_outbox_due_at_idx" ON "audit_outbox"("due_at");

-- CreateIndex
CREATE UNIQUE INDEX "audit_log_id_key" ON "audit_log"("id");
