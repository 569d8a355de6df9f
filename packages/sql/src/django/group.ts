import { ResultNode, type Serializer } from '@rb/core';
import { type GroupCodec, groupOf } from '../group-codec.js';
import type { Dates } from '../zones.js';
import { type Content, decodeContent, encodeContent } from './content.js';

/** GroupRecord <-> row of django_celery_results_groupresult: the group's result tuple in the serializer. */
export const djangoGroupCodec = (serializer: Serializer, dates: Dates): GroupCodec => ({
  encode({ groupId, members, parent }, now) {
    const result = new ResultNode(groupId, parent, members).toTuple();
    const written = dates.text(now);
    return { ...encodeContent({ result }, serializer, {}), date_created: written, date_done: written };
  },
  decode: (groupId, row) =>
    groupOf(groupId, row, () =>
      ResultNode.fromTuple(decodeContent(row.result, row as unknown as Content, serializer, {})),
    ),
});
