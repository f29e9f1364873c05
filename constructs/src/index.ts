export * from './borg-server';
export * from './borg-synced-deployment';
export * from './borg-synced-volume';
