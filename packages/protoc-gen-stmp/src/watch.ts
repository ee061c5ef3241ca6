import { existsSync, type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Tells of changes in folders, but not below them. */
export interface FolderWatcher {
  /** Watches these from now on, and no others. */
  set(folders: ReadonlySet<string>): void;
  close(): void;
}

/** @param onChange Called some time after a `.proto` changed, came or went; once for changes that come together. */
export type WatchFolders = (onChange: () => void) => FolderWatcher;

/** Editors write a file in several steps; they take less than this. */
const SETTLE_MS = 50;

/** Watches folders on disk; the process lives as long. */
export const watchFolders: WatchFolders = (onChange) => {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  const changed = (_event: string, name: string | null): void => {
    if (name?.endsWith('.proto') === false) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, SETTLE_MS);
  };
  const forget = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  return {
    set(folders) {
      for (const folder of [...watchers.keys()]) if (!folders.has(folder) || !existsSync(folder)) forget(folder);
      for (const folder of folders) {
        if (watchers.has(folder) || !existsSync(folder)) continue;
        const watcher = watch(folder, changed);
        // A folder that goes away: its files are reported by the next pass.
        watcher.on('error', () => forget(folder));
        watchers.set(folder, watcher);
      }
    },
    close() {
      clearTimeout(timer);
      for (const folder of [...watchers.keys()]) forget(folder);
    },
  };
};

/** The folders in which a change may matter to who looked at these paths. */
export const foldersOf = (paths: Iterable<string>, roots: Iterable<string>): Set<string> =>
  new Set([...roots, ...[...paths].map((path) => dirname(path))]);
