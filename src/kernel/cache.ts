/** What one mining run leaves for the next. Keep one for a folder and model, and pass it to every run. */
export class MiningCache {
  /** Forgets everything: the next run starts from nothing. */
  clear(): void {
    this.runs.clear();
  }

  private readonly runs = new Map<string, never>();
}
