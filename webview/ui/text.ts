/** The page's strings in the display language: what `vscode.l10n.t` is for the host. */

let strings: Readonly<Record<string, unknown>> = {};

/** Takes the translations that the host wrote into the page. */
export function loadStrings(source: Element | null): void {
  try {
    const parsed: unknown = JSON.parse(source?.textContent ?? '{}');
    if (typeof parsed === 'object' && parsed !== null) strings = parsed as Record<string, unknown>;
  } catch {
    strings = {};
  }
}

/** `t('{0} left', 3)` in the display language, in English where it is not translated. */
export function t(message: string, ...values: (string | number)[]): string {
  const translated = strings[message];
  return (typeof translated === 'string' ? translated : message).replace(/\{(\d+)\}/g, (hole, index: string) => {
    const value = values[Number(index)];
    return value === undefined ? hole : typeof value === 'number' ? value.toLocaleString() : value;
  });
}
