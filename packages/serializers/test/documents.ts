import { CELERY_VERSIONS, columnOf, type Vector, type VectorBackend, vectors } from '@rb/vectors';

/** Everything that real Celery stored with a serializer: documents of Redis and RPC, arguments in SQL. */
export const documents = (serializer: Vector['serializer']): readonly (readonly [name: string, bytes: Buffer])[] =>
  CELERY_VERSIONS.flatMap((version) =>
    (['redis', 'rpc', 'sqlite', 'postgresql', 'mysql'] as const).flatMap((backend) =>
      vectors(backend, version)
        .filter((vector) => vector.serializer === serializer && vector.store_error === undefined)
        .flatMap((vector) =>
          bodies(backend, vector).map((body) => [`${version} ${backend} ${vector.name}`, body] as const),
        ),
    ),
  );

function bodies(backend: VectorBackend, vector: Vector): readonly Buffer[] {
  const { raw } = vector;
  if (backend !== 'redis' && backend !== 'rpc') {
    if (raw.columns === undefined) return [];
    return ['args', 'kwargs'].flatMap((name) => {
      const column = columnOf(vector, name);
      return column instanceof Uint8Array ? [Buffer.from(column)] : [];
    });
  }
  return [raw.value_b64, ...(raw.messages ?? []).map((message: { body_b64: string }) => message.body_b64)]
    .filter((base64) => typeof base64 === 'string')
    .map((base64) => Buffer.from(base64, 'base64'));
}
