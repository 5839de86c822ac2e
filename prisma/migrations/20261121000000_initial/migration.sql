-- CreateTable
CREATE TABLE "care_team_space" (
    "care_team" TEXT NOT NULL,
    "subject" TEXT,
    "open" BOOLEAN NOT NULL,
    "version_at" TIMESTAMPTZ(3) NOT NULL,
    "alias_localpart" TEXT NOT NULL,
    "space_id" TEXT,
    "sealed_subject" BYTEA,

    CONSTRAINT "care_team_space_pkey" PRIMARY KEY ("care_team")
);

-- CreateTable
CREATE TABLE "care_team_member" (
    "care_team" TEXT NOT NULL,
    "person" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "present" BOOLEAN NOT NULL,

    CONSTRAINT "care_team_member_pkey" PRIMARY KEY ("care_team","person")
);

-- CreateTable
CREATE TABLE "participant" (
    "fhir_ref" TEXT NOT NULL,
    "account_user_id" TEXT,
    "ghost_user_id" TEXT NOT NULL,
    "ghost_ready" BOOLEAN NOT NULL DEFAULT false,
    "display_name" TEXT NOT NULL,
    "ghost_name" TEXT,
    "mapping" JSONB NOT NULL,

    CONSTRAINT "participant_pkey" PRIMARY KEY ("fhir_ref")
);

-- CreateTable
CREATE TABLE "conversation_room" (
    "conversation" TEXT NOT NULL,
    "care_team" TEXT,
    "subject" TEXT,
    "encounter" TEXT,
    "parties" TEXT[],
    "open" BOOLEAN NOT NULL,
    "name" TEXT NOT NULL,
    "version_at" TIMESTAMPTZ(3) NOT NULL,
    "alias_localpart" TEXT NOT NULL,
    "room_id" TEXT,

    CONSTRAINT "conversation_room_pkey" PRIMARY KEY ("conversation")
);

-- CreateTable
CREATE TABLE "message_link" (
    "fhir_ref" TEXT NOT NULL,
    "part" INTEGER NOT NULL,
    "version" TEXT NOT NULL,
    "event_id" TEXT,
    "conversation" TEXT NOT NULL,
    "direction" TEXT NOT NULL,
    "attempted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "message_link_pkey" PRIMARY KEY ("fhir_ref","part")
);

-- CreateTable
CREATE TABLE "notification_cursor" (
    "source" TEXT NOT NULL,
    "resource_type" TEXT NOT NULL,
    "last_updated" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "notification_cursor_pkey" PRIMARY KEY ("source","resource_type")
);

-- CreateIndex
CREATE UNIQUE INDEX "care_team_space_alias_localpart_key" ON "care_team_space"("alias_localpart");

-- CreateIndex
CREATE UNIQUE INDEX "care_team_space_space_id_key" ON "care_team_space"("space_id");

-- CreateIndex
CREATE INDEX "care_team_space_subject_idx" ON "care_team_space"("subject");

-- CreateIndex
CREATE INDEX "care_team_member_person_idx" ON "care_team_member"("person");

-- CreateIndex
CREATE UNIQUE INDEX "participant_ghost_user_id_key" ON "participant"("ghost_user_id");

-- CreateIndex
CREATE INDEX "participant_account_user_id_idx" ON "participant"("account_user_id");

-- CreateIndex
CREATE UNIQUE INDEX "conversation_room_alias_localpart_key" ON "conversation_room"("alias_localpart");

-- CreateIndex
CREATE UNIQUE INDEX "conversation_room_room_id_key" ON "conversation_room"("room_id");

-- CreateIndex
CREATE INDEX "conversation_room_care_team_idx" ON "conversation_room"("care_team");

-- CreateIndex
CREATE UNIQUE INDEX "message_link_event_id_key" ON "message_link"("event_id");

-- CreateIndex
CREATE INDEX "message_link_conversation_event_id_idx" ON "message_link"("conversation", "event_id");

-- AddForeignKey
ALTER TABLE "care_team_member" ADD CONSTRAINT "care_team_member_care_team_fkey" FOREIGN KEY ("care_team") REFERENCES "care_team_space"("care_team") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "care_team_member" ADD CONSTRAINT "care_team_member_person_fkey" FOREIGN KEY ("person") REFERENCES "participant"("fhir_ref") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversation_room" ADD CONSTRAINT "conversation_room_care_team_fkey" FOREIGN KEY ("care_team") REFERENCES "care_team_space"("care_team") ON DELETE SET NULL ON UPDATE CASCADE;
