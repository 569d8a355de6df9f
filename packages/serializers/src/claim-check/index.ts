export type { BlobOptions, BlobStore } from './blob-store.js';
export { type FileBlobStoreOptions, fileBlobStore } from './file-blob-store.js';
export { type ClaimCheckOptions, claimCheck } from './store.js';
