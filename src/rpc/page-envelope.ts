/**
 * What goes between a webview and the host: an rpc message with the name of the page load that it belongs to. A webview that
 * was hidden loads its page anew, and call ids begin at 1 again: an answer to the old page must not reach the new one.
 */
export interface PageEnvelope {
  /** made anew on every load */
  page: string;
  message: unknown;
}

export function isPageEnvelope(value: unknown): value is PageEnvelope {
  if (typeof value !== 'object' || value === null) return false;
  const { page, message } = value as Record<string, unknown>;
  return typeof page === 'string' && page !== '' && page.length <= 100 && message !== undefined;
}
