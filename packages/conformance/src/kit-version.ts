import manifest from '../package.json' with { type: 'json' };

/** This package's own version. */
export const KIT_VERSION: string = manifest.version;
