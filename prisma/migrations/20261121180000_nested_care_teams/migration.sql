-- AlterTable
ALTER TABLE "care_team_space" ADD COLUMN     "own_space" BOOLEAN NOT NULL DEFAULT true;

-- CreateTable
CREATE TABLE "nested_care_team" (
    "care_team" TEXT NOT NULL,
    "nested" TEXT NOT NULL,

    CONSTRAINT "nested_care_team_pkey" PRIMARY KEY ("care_team","nested")
);

-- CreateIndex
CREATE INDEX "nested_care_team_nested_idx" ON "nested_care_team"("nested");
