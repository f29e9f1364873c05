import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BorgMessage, readMessage } from '../../../sidecar/src/borg/messages.ts';

const rows: [name: string, line: string, message: BorgMessage][] = [
  [
    'an error with its id',
    '{"type": "log_message", "time": 1795466008.79, "message": "Archive nope does not exist", "levelname": "ERROR", "name": "borg.archiver", "msgid": "Archive.DoesNotExist"}',
    {
      type: 'log',
      level: 'ERROR',
      text: 'Archive nope does not exist',
      msgid: 'Archive.DoesNotExist',
      logger: 'borg.archiver',
    },
  ],
  [
    'a warning without an id',
    '{"type": "log_message", "time": 1.5, "message": "Remote: Permission denied (publickey).", "levelname": "WARNING", "name": "root"}',
    {
      type: 'log',
      level: 'WARNING',
      text: 'Remote: Permission denied (publickey).',
      msgid: undefined,
      logger: 'root',
    },
  ],
  [
    'an entry that --list names',
    '{"type": "log_message", "time": 1.5, "message": "a/b {c}", "levelname": "INFO", "name": "borg.output.list"}',
    { type: 'log', level: 'INFO', text: 'a/b {c}', msgid: undefined, logger: 'borg.output.list' },
  ],
  [
    'a message of several lines',
    '{"type": "log_message", "message": "Traceback:\\n  OSError", "levelname": "ERROR", "name": "x", "msgid": "OSError"}',
    { type: 'log', level: 'ERROR', text: 'Traceback:\n  OSError', msgid: 'OSError', logger: 'x' },
  ],
  [
    'a message that lacks almost all',
    '{"type": "log_message", "msgid": 5}',
    { type: 'log', level: 'INFO', text: '', msgid: undefined, logger: '' },
  ],
  [
    'the state of an entry',
    '{"type": "file_status", "status": "E", "path": "secret/key"}',
    { type: 'status', status: 'E', path: 'secret/key' },
  ],
  ['progress', '{"type": "progress_percent", "operation": 1, "msgid": "extract"}', { type: 'other' }],
  [
    'a question',
    '{"type": "question_prompt", "msgid": "BORG_X", "message": "Continue? "}',
    { type: 'other' },
  ],
  ['an object without a type', '{"original_size": 5}', { type: 'other' }],
  ['ordinary text', 'usage: borg [-V]', { type: 'text', text: 'usage: borg [-V]' }],
  [
    'half an object',
    '{"type": "log_message", "mess',
    { type: 'text', text: '{"type": "log_message", "mess' },
  ],
  ['text in braces', '{now}', { type: 'text', text: '{now}' }],
  ['nothing', '', { type: 'text', text: '' }],
  [
    // Borg's prompt has no end of line, so the next message follows it.
    'an error behind the prompt for a passphrase',
    'Enter passphrase for key /r: {"type": "log_message", "message": "Cannot acquire a passphrase", "levelname": "ERROR", "name": "borg.archiver", "msgid": "NoPassphraseFailure"}',
    {
      type: 'log',
      level: 'ERROR',
      text: 'Cannot acquire a passphrase',
      msgid: 'NoPassphraseFailure',
      logger: 'borg.archiver',
    },
  ],
];

for (const [name, line, message] of rows) {
  test(`${name} is read as ${message.type}`, () => assert.deepEqual(readMessage(line), message));
}
