import { Gossip } from '@clortho/gossip';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/index.ts';
import { call } from '../in-process.ts';

const KEY = '07'.repeat(32);
const ENVIRONMENT = { CLORTHO_GOSSIP_KEY: KEY };

describe('gossip simulate', () => {
  const parameters = ['gossip', 'simulate', '--nodes', '40', '--seconds', '20', '--seed', '3'];

  it('shows figures and a curve', async () => {
    const { code, out } = await call(parameters);
    expect(code).toBe(EXIT.done);
    expect(out).toContain('40 nodes, 10 % loss, seed 3');
    expect(out).toMatch(/rumour known by all +\d+ ms/);
    expect(out).toMatch(/healthy nodes thought dead +0/);
    expect(out).toContain('nodes that know the rumour');
    expect(out).toContain('┤');
  });

  it('gives equal reports for equal seeds', async () => {
    const [first, second] = [await call([...parameters, '--json']), await call([...parameters, '--json'])];
    expect(JSON.parse(first.out)).toMatchObject({ nodes: 40, seed: 3, falseDeaths: 0 });
    expect(second.out).toBe(first.out);
  });
});

describe('a running cluster', () => {
  it('is shown without joining it', async () => {
    const member = await Gossip.join({ cluster: 'cli', name: 'ann', keyring: [Buffer.from(KEY, 'hex')] });
    try {
      member.set('role', 'leader');
      const cluster = ['--cluster', 'cli', '--seeds', member.address];
      const members = await call(['gossip', 'members', ...cluster], ENVIRONMENT);
      expect(members).toMatchObject({ code: EXIT.done, error: '' });
      expect(members.out).toMatch(new RegExp(`ann +alive +${member.address} +\\d+ +0 +role`));
      const json = await call(['gossip', 'members', ...cluster, '--json'], ENVIRONMENT);
      expect(JSON.parse(json.out)).toMatchObject([
        { name: 'ann', status: 'alive', values: { role: 'leader' } },
      ]);
      const watch = await call(
        ['gossip', 'watch', ...cluster, '--polls', '2', '--interval', '10'],
        ENVIRONMENT,
      );
      expect(watch.out).toBe('ann\talive\nann\trole\t"leader"\n');
      expect(member.members()).toHaveLength(1);
    } finally {
      await member.close();
    }
  });

  it('that nobody runs is unavailable', async () => {
    const cluster = ['--cluster', 'cli', '--seeds', '127.0.0.1:9'];
    const { code, error } = await call(['gossip', 'members', ...cluster], ENVIRONMENT);
    expect(code).toBe(EXIT.failed);
    expect(error).toContain('CLORTHO_UNAVAILABLE');
  });
});
