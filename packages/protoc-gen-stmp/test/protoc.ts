import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { hasTool } from 'test-kit';
import { path } from './helpers.js';

/** @param what What is left out without protoc. */
export const hasProtoc = (what: string): boolean =>
  hasTool('protoc', spawnSync('protoc', ['--version']).status === 0, what);

/** What protoc says of these files and all they import. @throws Error with what protoc finds wrong. */
export function describeFiles(sources: Record<string, string>): FileDescriptorProto[] {
  const dir = mkdtempSync(join(tmpdir(), 'stmp-'));
  try {
    for (const [name, source] of Object.entries(sources)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), source);
    }
    return describeNamed(Object.keys(sources), [dir, path('../proto')]);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What protoc says of files of these roots, and of all they import. */
export function describeNamed(names: readonly string[], roots: readonly string[]): FileDescriptorProto[] {
  const dir = mkdtempSync(join(tmpdir(), 'stmp-'));
  try {
    const paths = roots.flatMap((root) => ['-I', root]);
    const args = [...paths, '--include_imports', '--include_source_info', '-o', join(dir, 'out'), ...names];
    execFileSync('protoc', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    return fromBinary(FileDescriptorSetSchema, readFileSync(join(dir, 'out'))).file;
  } finally {
    rmSync(dir, { recursive: true });
  }
}
