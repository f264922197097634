import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const given = process.env.MARGIN_PYTHON;
const python = given
  ? path.join(path.resolve(given), ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']))
  : undefined;

/**
 * The Python that `scripts/python-readers.mjs` made, if MARGIN_PYTHON names it: loading these libraries takes most of a
 * minute, so ordinary test runs go without.
 */
export const PYTHON = python !== undefined && existsSync(python) ? python : undefined;

const installed = new Set<string>(
  PYTHON
    ? execFileSync(
        PYTHON,
        [
          '-c',
          'import importlib.util, sys; print(*[m for m in sys.argv[1:] if importlib.util.find_spec(m)])',
          ...[
            'pandas',
            'pyarrow',
            'datasets',
            'PIL',
            'torch',
            'tensorflow',
            'oml',
            'sentence_transformers',
            'pytorch_metric_learning',
            'accelerate',
            'gdown',
            'validators',
            'omegaconf',
          ],
        ],
        { encoding: 'utf8' },
      )
        .trim()
        .split(/\s+/u)
    : [],
);

/** Whether tests that need these modules can run. */
export const has = (...modules: string[]): boolean => modules.every(name => installed.has(name));

export interface Job {
  folder: string;
  code: string;
  probe: string;
}

/** Runs all jobs in one process: starting Python with these libraries is what takes the time. */
export async function runPython(jobs: readonly Job[]): Promise<unknown[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'margin-python-'));
  try {
    const input = path.join(folder, 'jobs.json');
    const output = path.join(folder, 'answers.json');
    writeFileSync(input, JSON.stringify(jobs));
    await promisify(execFile)(PYTHON!, [path.join(import.meta.dirname, 'run_snippets.py'), input, output], {
      maxBuffer: 1 << 26,
      env: {
        ...process.env,
        HF_HOME: path.join(folder, 'hf'),
        HF_HUB_OFFLINE: '1',
        HF_DATASETS_DISABLE_PROGRESS_BARS: '1',
        TF_CPP_MIN_LOG_LEVEL: '3',
        CUDA_VISIBLE_DEVICES: '',
        TOKENIZERS_PARALLELISM: 'false',
        WANDB_MODE: 'disabled',
      },
    });
    const answers = JSON.parse(readFileSync(output, 'utf8')) as { result?: unknown; error?: string }[];
    return answers.map((answer, i) => {
      if (answer.error !== undefined) throw new Error(`${jobs[i]!.code}\n${jobs[i]!.probe}\n${answer.error}`);
      return answer.result;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The lines that a card gives for a reader, copied from its Markdown. */
export function snippetIn(card: string, reader: string): string {
  const section = card.split(/^### /mu).find(part => part.startsWith(`${reader}\n`));
  const code = section && /```python\n([\s\S]*?)\n```/u.exec(section)?.[1];
  if (!code) throw new Error(`the card has no lines for ${reader}`);
  if (code.split('\n').length > 5) throw new Error(`more than five lines for ${reader}`);
  return code;
}
