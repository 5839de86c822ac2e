-- AlterTable
ALTER TABLE "participant" ADD COLUMN     "role_text" TEXT,
ADD COLUMN     "version_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "room_membership" ADD COLUMN     "declined" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "restored_at" TIMESTAMPTZ(3)[] DEFAULT ARRAY[]::TIMESTAMPTZ(3)[];
