import { randomBytes } from 'node:crypto';

export interface PageParts {
  /** the page's script and style, as webview URIs */
  script: string;
  style: string;
  /** `webview.cspSource` */
  source: string;
  title: string;
  language: string;
  /** translations of the page's strings, English to the display language */
  strings: Record<string, unknown> | undefined;
}

/** An empty <style>, nothing else: the UI toolkit makes one to find out whether the browser knows `:focus-visible`. */
const EMPTY_STYLE = `'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='`;

/** The whole HTML of a page. Only its own script runs (by nonce), only its own style applies, and nothing is loaded from a net. */
export function pageHtml({ script, style, source, title, language, strings }: PageParts): string {
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${source} ${EMPTY_STYLE}`,
    `img-src blob:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escape(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="stylesheet" href="${escape(style)}">
</head>
<body>
<main id="page"></main>
<script id="strings" type="application/json" nonce="${nonce}">${JSON.stringify(strings ?? {}).replaceAll('<', '\\u003c')}</script>
<script src="${escape(script)}" nonce="${nonce}"></script>
</body>
</html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${String(character.charCodeAt(0))};`);
}
