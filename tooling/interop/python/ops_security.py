"""Operations of Python's `cryptography`: Fernet tokens, Celery's signed serializer, and the form of @rb's encrypted results."""
import base64
import struct

from tagged import from_tagged, to_tagged


def fernet_encrypt(r):
    return _fernet(r).encrypt(base64.b64decode(r['body'])).decode()


def fernet_decrypt(r):
    return base64.b64encode(_fernet(r).decrypt(r['token'].encode())).decode()


def auth_dumps(r):
    return _secure(r).serialize(from_tagged(r.get('value')))


def auth_loads(r):
    return to_tagged(_secure(r).deserialize(r['data']))


def make_certificate(r):
    """A throw-away RSA key with a certificate of its own; `names`: pairs of an attribute of NameOID and its value."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(getattr(x509.NameOID, oid), value) for oid, value in r['names']])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(int(r.get('serial', x509.random_serial_number())))
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=r.get('days', 1)))
        .sign(key, hashes.SHA256())
    )
    encryption = serialization.NoEncryption()
    if r.get('password'):
        encryption = serialization.BestAvailableEncryption(r['password'].encode())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return {'key': pem.decode(), 'certificate': certificate.public_bytes(serialization.Encoding.PEM).decode()}


def xaes_decrypt(r):
    """The body of an encrypted result by C2SP's XAES-256-GCM: a nonce of 24 bytes, then what AESGCM gives."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key, body = base64.b64decode(r['key']), base64.b64decode(r['body'])
    derived = _derive(key, body[:12])
    plain = AESGCM(derived).decrypt(body[12:24], body[24:], r['associated_data'].encode())
    return base64.b64encode(plain).decode()


def xaes_encrypt(r):
    import os

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(24)
    derived = _derive(base64.b64decode(r['key']), nonce[:12])
    sealed = AESGCM(derived).encrypt(nonce[12:], base64.b64decode(r['body']), r['associated_data'].encode())
    return base64.b64encode(nonce + sealed).decode()


def _derive(key, nonce):
    from cryptography.hazmat.primitives.ciphers import algorithms
    from cryptography.hazmat.primitives.cmac import CMAC

    def half(counter):
        cmac = CMAC(algorithms.AES(key))
        cmac.update(struct.pack('>H2s', counter, b'X\0') + nonce)
        return cmac.finalize()

    return half(1) + half(2)


def _fernet(r):
    from cryptography.fernet import Fernet, MultiFernet
    return MultiFernet([Fernet(key) for key in r['keys']])


def _secure(r):
    from celery.security.certificate import Certificate, CertStore
    from celery.security.key import PrivateKey
    from celery.security.serialization import SecureSerializer

    certificate, store = Certificate(r['certificate']), CertStore()
    store.add_cert(certificate)
    # As bytes: Celery 5.2 hands text on as it is, and cryptography takes none.
    password = r['password'].encode() if r.get('password') else None
    key = r.get('key') and PrivateKey(r['key'], password=password)
    return SecureSerializer(key=key, cert=certificate, cert_store=store, digest=r.get('digest', 'sha256'),
                            serializer=r.get('serializer', 'json'))


OPS = [fernet_encrypt, fernet_decrypt, auth_dumps, auth_loads, make_certificate, xaes_decrypt, xaes_encrypt]
