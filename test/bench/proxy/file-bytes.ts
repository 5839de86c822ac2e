/** Of each file that goes up or down. */
export const FILE_BYTES = 100 * 1024 * 1024;
