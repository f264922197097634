import { constants } from 'node:fs';

/** Opening a pipe to read it would wait for a writer, for ever; not with this. Windows knows no such flag. */
export const READ_FLAGS = constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0);
