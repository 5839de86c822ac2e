-- CreateTable
CREATE TABLE "federation_list" (
    "name" TEXT NOT NULL,
    "jws" TEXT NOT NULL,
    "confirmed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "federation_list_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "invite_contact" (
    "owner" TEXT NOT NULL,
    "approved" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "invite_start" TIMESTAMPTZ(3) NOT NULL,
    "invite_end" TIMESTAMPTZ(3),

    CONSTRAINT "invite_contact_pkey" PRIMARY KEY ("owner","approved")
);

-- CreateIndex
CREATE INDEX "invite_contact_invite_end_idx" ON "invite_contact"("invite_end");
