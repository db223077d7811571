import { expect, test } from 'vitest';
import { startS3Server } from '../../src/index.ts';

test('answers strangers with a refusal in XML, and counts them', async () => {
  const server = await startS3Server({ region: 'eu-west-1' });
  expect(server.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const answer = await fetch(`${server.endpoint}/bucket/key`, { method: 'PUT', body: 'stranger' });
  expect(answer.status).toBe(403);
  expect(answer.headers.get('content-type')).toBe('application/xml');
  expect(await answer.text()).toContain('<Code>AccessDenied</Code>');
  expect(server.counters).toMatchObject({ requests: 1, operations: {}, bytesReceived: 8 });
  await server.close();
  await server.close();
  await expect(fetch(server.endpoint)).rejects.toThrow();
});
