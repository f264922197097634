import { constants } from 'node:fs';

/**
 * Without waiting: where another program holds a lease on the file (a file server, an editor that locks), the system would
 * keep whoever opens it waiting for up to a minute, and everything else that this process does with it.
 */
const AT_ONCE = (constants as { O_NONBLOCK?: number }).O_NONBLOCK ?? 0;

/** How the ledger's file is opened, so that one that another program holds is refused at once (EAGAIN). */
export const READ = constants.O_RDONLY | AT_ONCE;
export const READ_WRITE = constants.O_RDWR | AT_ONCE;
