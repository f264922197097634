import { describe, expect, test } from 'vitest';
import { pageHtml } from '../../src/host/webview/html';
import { servePages } from '../../src/host/webview/pageTransport';

describe('the page', () => {
  test('lets in its own script and style alone, and keeps markup in strings from being markup', () => {
    const parts = {
      script: 'https://x/label.js',
      style: 'https://x/label.css',
      source: 'https://x',
      title: '<b>',
      language: 'de',
    };
    const html = pageHtml({ ...parts, strings: { a: '</script><script>alert(1)</script>' } });
    const nonce = /'nonce-([^&]+)&#39;|&#39;nonce-([^&]+)&#39;/.exec(html)![2]!;
    expect(html).toContain(`default-src &#39;none&#39;`);
    expect(html).not.toContain('unsafe');
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html.split(`nonce="${nonce}"`)).toHaveLength(3);
    expect(html).not.toContain('<b>');
    expect(pageHtml({ ...parts, strings: undefined })).not.toContain(nonce);
  });

  test('that was loaded again does not get the answers of the one before', () => {
    let speak!: (message: unknown) => void;
    const sent: unknown[] = [];
    const events: string[] = [];
    let pages = 0;
    const stop = servePages(
      {
        postMessage: message => {
          sent.push(message);
          return Promise.resolve(true);
        },
        onDidReceiveMessage: (listener: (message: unknown) => unknown) => {
          speak = message => void listener(message);
          return { dispose: () => undefined };
        },
      },
      transport => {
        const name = `page ${String(++pages)}`;
        events.push(`${name} came`);
        transport.onMessage(message => {
          transport.send({ t: 'note', name, params: message });
        });
        return () => events.push(`${name} left`);
      },
    );
    speak({ page: 'one', message: 1 });
    speak('noise');
    speak({ page: 'one' });
    speak({ page: 'two', message: 2 });
    stop();
    expect(events).toEqual(['page 1 came', 'page 1 left', 'page 2 came', 'page 2 left']);
    expect(sent).toEqual([
      { page: 'one', message: { t: 'note', name: 'page 1', params: 1 } },
      { page: 'two', message: { t: 'note', name: 'page 2', params: 2 } },
    ]);
  });
});
