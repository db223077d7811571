#!/usr/bin/env node
/** The `clortho` command. */
import { processTerminal } from './output/process-terminal.ts';
import { run } from './run.ts';

process.exitCode = await run(process.argv.slice(2), {
  terminal: processTerminal(),
  environment: process.env,
});
