-- CreateIndex
CREATE INDEX "care_team_space_former_space_ids_idx" ON "care_team_space" USING GIN ("former_space_ids");

-- CreateIndex
CREATE INDEX "participant_former_accounts_idx" ON "participant" USING GIN ("former_accounts");

-- CreateIndex
CREATE INDEX "conversation_room_parties_idx" ON "conversation_room" USING GIN ("parties");

-- CreateIndex
CREATE INDEX "conversation_room_former_room_ids_idx" ON "conversation_room" USING GIN ("former_room_ids");

-- CreateIndex
CREATE INDEX "message_link_conversation_attempted_at_idx" ON "message_link"("conversation", "attempted_at");
