import { type CeleryVersion, type Vector, vectors } from '@rb/vectors';

/** Every document that Redis and RPC hold. */
export const documents = (
  version: CeleryVersion,
  serializer: Vector['serializer'],
): readonly (readonly [string, Buffer])[] =>
  (['redis', 'rpc'] as const)
    .flatMap((backend) => vectors(backend, version))
    .filter((vector) => vector.serializer === serializer && vector.store_error === undefined)
    .flatMap((vector) => bodies(vector).map((body) => [`${vector.backend} ${vector.name}`, body] as const));

const bodies = ({ raw }: Vector): readonly Buffer[] =>
  [raw.value_b64, ...(raw.messages ?? []).map((message: { body_b64: string }) => message.body_b64)]
    .filter((base64) => typeof base64 === 'string')
    .map((base64) => Buffer.from(base64, 'base64'));
