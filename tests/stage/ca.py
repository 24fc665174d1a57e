# SPDX-License-Identifier: Apache-2.0
"""A small certificate authority made with the openssl command: root, intermediate, leaves from CSRs. It plays the
customer's CA in demo and tests; nothing of it is trusted by anybody else."""
import subprocess
from pathlib import Path


def openssl(*args, stdin=None):
    r = subprocess.run(["openssl", *map(str, args)], input=stdin, capture_output=True)
    if r.returncode:
        raise RuntimeError(f"openssl {args[0]}: {r.stderr.decode(errors='replace')}")
    return r.stdout


CA_EXTENSIONS = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"


class CA:
    def __init__(self, folder, name="Demo", above=None):
        """`above`: another CA whose root is this one's too; only the intermediate is its own."""
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.root = self.folder / "root.pem"
        self.intermediate = self.folder / "intermediate.pem"
        self.count = 0
        if above:
            self.root = above.root
        else:
            self._make_root()
        self._make_intermediate(self.root.with_suffix(".key"))

    def _make_root(self):
        f = self.folder
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f / "root.key")
        (f / "root.ext").write_text(CA_EXTENSIONS)
        openssl("req", "-new", "-key", f / "root.key", "-subj", f"/C=AT/O={self.name} CA/CN={self.name} Root", "-out", f / "root.csr")
        openssl("x509", "-req", "-in", f / "root.csr", "-signkey", f / "root.key", "-days", 3650, "-sha256", "-extfile",
                f / "root.ext", "-out", self.root)

    def _make_intermediate(self, root_key):
        f = self.folder
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f / "intermediate.key")
        (f / "intermediate.ext").write_text(CA_EXTENSIONS.replace("CA:TRUE", "CA:TRUE,pathlen:0") +
                                            "authorityKeyIdentifier=keyid\nextendedKeyUsage=serverAuth\n")
        openssl("req", "-new", "-key", f / "intermediate.key", "-subj", f"/C=AT/O={self.name} CA/CN={self.name} Issuing 1", "-out",
                f / "intermediate.csr")
        openssl("x509", "-req", "-in", f / "intermediate.csr", "-CA", self.root, "-CAkey", root_key, "-CAcreateserial", "-days",
                1825, "-sha256", "-extfile", f / "intermediate.ext", "-out", self.intermediate)

    def sign(self, csr_pem, names, days=199, issuer_url=None, crl_url=None):
        """PEM of a leaf for the CSR's key and these names; `issuer_url`, `crl_url`: where it says its issuer and
        the list of revoked ones can be had."""
        self.count += 1
        stem = self.folder / f"leaf{self.count}"
        ext = ("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\n"
               "extendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\nsubjectAltName=" + ",".join(f"DNS:{n}" for n in names) + "\n")
        if issuer_url:
            ext += f"authorityInfoAccess=caIssuers;URI:{issuer_url}\n"
        if crl_url:
            ext += f"crlDistributionPoints=URI:{crl_url}\n"
        stem.with_suffix(".ext").write_text(ext)
        stem.with_suffix(".csr").write_text(csr_pem)
        return openssl("x509", "-req", "-in", stem.with_suffix(".csr"), "-CA", self.intermediate, "-CAkey",
                       self.folder / "intermediate.key", "-set_serial", f"0x{10**12 + self.count:x}", "-days", days, "-sha256", "-extfile",
                       stem.with_suffix(".ext")).decode()

    def crl(self, *revoked, hours=24):
        """DER of the list of revoked leaves, signed by the intermediate."""
        import datetime
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        now = datetime.datetime.utcnow()
        issuer = x509.load_pem_x509_certificate(self.intermediate.read_bytes())
        key = serialization.load_pem_private_key((self.folder / "intermediate.key").read_bytes(), None)
        made = (x509.CertificateRevocationListBuilder().issuer_name(issuer.subject).last_update(now - datetime.timedelta(hours=1))
                .next_update(now + datetime.timedelta(hours=hours)))
        for leaf in revoked:
            serial = x509.load_pem_x509_certificate(leaf.encode() if isinstance(leaf, str) else leaf).serial_number
            made = made.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(
                now - datetime.timedelta(minutes=30)).add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), False).build())
        return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def chain(self):
        return self.intermediate.read_text()

    def as_pem(self, leaf):
        return (leaf + self.chain()).encode()

    def as_pkcs7(self, leaf):
        stem = self.folder / f"bag{self.count}.pem"
        stem.write_text(self.chain() + leaf)
        return openssl("crl2pkcs7", "-nocrl", "-certfile", stem)

    def request(self, kind="rsa:2048"):
        """As a seller's page or another server makes one: (private key, request), PEM."""
        self.count += 1
        stem = self.folder / f"foreign{self.count}"
        curve = ["-pkeyopt", f"ec_paramgen_curve:{kind}"] if kind.startswith("P-") else []
        openssl("req", "-new", "-newkey", "ec" if curve else kind, *curve, "-nodes", "-keyout", stem.with_suffix(".key"), "-subj", "/CN=x",
                "-out", stem.with_suffix(".csr"))
        return stem.with_suffix(".key").read_text(), stem.with_suffix(".csr").read_text()

    def as_pfx(self, leaf, key, password):
        """Certificate, chain and private key in one protected file."""
        stem = self.folder / f"pfx{self.count}"
        stem.with_suffix(".pem").write_text(leaf + self.chain() + key)
        stem.with_suffix(".pass").write_text(password)
        return openssl("pkcs12", "-export", "-in", stem.with_suffix(".pem"), "-passout", f"file:{stem.with_suffix('.pass')}")

    def as_pkcs12(self, leaf, password):
        """What some sellers return: protected by a password, but without a key (it is ours)."""
        stem = self.folder / f"p12-{self.count}"
        stem.with_suffix(".pem").write_text(leaf + self.chain())
        stem.with_suffix(".pass").write_text(password)
        return openssl("pkcs12", "-export", "-nokeys", "-in", stem.with_suffix(".pem"), "-passout", f"file:{stem.with_suffix('.pass')}")
