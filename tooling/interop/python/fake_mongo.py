"""In-memory stand-ins for pymongo collections: Celery's MongoDB backend without a server. Documents are kept as BSON."""
import datetime as dt

import bson


class FakeCollection:
    def __init__(self):
        self.documents = {}

    def put_raw(self, raw):
        self.documents[bson.decode(raw)['_id']] = raw

    def create_index(self, *args, **kwargs):
        pass

    def replace_one(self, query, document, upsert=False):
        self.documents[query['_id']] = bson.encode(document)

    def find_one(self, query):
        raw = self.documents.get(query['_id'])
        return None if raw is None else bson.decode(raw)

    def delete_one(self, query):
        self.documents.pop(query['_id'], None)

    def delete_many(self, query):
        limit = _aware(query['date_done']['$lt'])
        for key in list(self.documents):
            done = self.find_one({'_id': key}).get('date_done')
            if isinstance(done, dt.datetime) and _aware(done) < limit:
                del self.documents[key]


def _aware(moment):
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)
