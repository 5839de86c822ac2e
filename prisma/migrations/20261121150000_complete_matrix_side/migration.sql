-- AlterTable
ALTER TABLE "care_team_space" ADD COLUMN     "former_space_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "next_change_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "participant" ADD COLUMN     "ghost_avatar" TEXT,
ADD COLUMN     "former_accounts" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "conversation_room" ADD COLUMN     "former_room_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "adopted" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "message_link" ADD COLUMN     "content_hash" TEXT,
ADD COLUMN     "media_uri" TEXT,
ADD COLUMN     "changed_at" TIMESTAMPTZ(3),
ADD COLUMN     "redacted" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "handled_event" (
    "event_id" TEXT NOT NULL,
    "room_id" TEXT NOT NULL,
    "handled_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "handled_event_pkey" PRIMARY KEY ("event_id")
);

-- CreateTable
CREATE TABLE "room_checkpoint" (
    "room_id" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "checked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "room_checkpoint_pkey" PRIMARY KEY ("room_id")
);

-- CreateTable
CREATE TABLE "reaction_link" (
    "event_id" TEXT NOT NULL,
    "fhir_ref" TEXT NOT NULL,

    CONSTRAINT "reaction_link_pkey" PRIMARY KEY ("event_id")
);

-- CreateTable
CREATE TABLE "delivery_mark" (
    "event_id" TEXT NOT NULL,
    "room_id" TEXT NOT NULL,
    "notice_event_id" TEXT,
    "reaction_event_id" TEXT,
    "marked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "delivery_mark_pkey" PRIMARY KEY ("event_id")
);

-- CreateTable
CREATE TABLE "room_membership" (
    "room_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "membership" TEXT NOT NULL,

    CONSTRAINT "room_membership_pkey" PRIMARY KEY ("room_id","user_id")
);

-- CreateTable
CREATE TABLE "direct_chat" (
    "room_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,

    CONSTRAINT "direct_chat_pkey" PRIMARY KEY ("room_id")
);

-- CreateTable
CREATE TABLE "user_preference" (
    "user_id" TEXT NOT NULL,
    "language" TEXT NOT NULL,

    CONSTRAINT "user_preference_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "told_once" (
    "room_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "notice" TEXT NOT NULL,

    CONSTRAINT "told_once_pkey" PRIMARY KEY ("room_id","user_id","notice")
);

-- CreateTable
CREATE TABLE "account_override" (
    "fhir_ref" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "set_by" TEXT NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "account_override_pkey" PRIMARY KEY ("fhir_ref")
);

-- CreateIndex
CREATE INDEX "care_team_space_next_change_at_idx" ON "care_team_space"("next_change_at");

-- CreateIndex
CREATE INDEX "handled_event_handled_at_idx" ON "handled_event"("handled_at");

-- CreateIndex
CREATE INDEX "room_membership_user_id_idx" ON "room_membership"("user_id");

-- CreateIndex
CREATE INDEX "direct_chat_user_id_idx" ON "direct_chat"("user_id");

-- CreateIndex
CREATE INDEX "account_override_user_id_idx" ON "account_override"("user_id");
