-- CreateTable
CREATE TABLE "parked_conversation" (
    "stream" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "parking" TEXT NOT NULL,
    "failure_class" TEXT NOT NULL,
    "parked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "parked_conversation_pkey" PRIMARY KEY ("stream","key")
);
