# SPDX-License-Identifier: Apache-2.0
"""slapd as a hosting provider's Active Directory: an OU for each customer, users with the attributes of Exchange. Its schema has
what we ask for and no more, with the object identifiers that Microsoft published."""
import socket
import subprocess

from .ca import openssl
from .peers import Peer, answers, free_port, wait_for

SCHEMA = """
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.7000.102.50050 NAME 'msExchRecipientTypeDetails' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP inetOrgPerson STRUCTURAL MAY ( userAccountControl $ msExchRecipientTypeDetails ) )
"""
SUFFIX = "dc=hosting,dc=example"
READER = f"cn=certdesk,{SUFFIX}"
PASSWORD = "read-only"
FULL_ACCESS = "(&(objectClass=user)(msExchRecipientTypeDetails=1))"
USER, ROOM = 1, 16


def entry(dn, *lines):
    return "\n".join([f"dn: {dn}", *lines]) + "\n\n"


def customer(name, users, rooms=0):
    """LDIF of one customer's OU: so many users, and rooms, which are no mailboxes with full access."""
    ou = f"ou={name},ou=Hosting,{SUFFIX}"
    made = [entry(ou, "objectClass: organizationalUnit", f"ou: {name}")]
    for n in range(users + rooms):
        kind = USER if n < users else ROOM
        made.append(entry(f"cn=user{n},{ou}", "objectClass: user", f"cn: user{n}", f"sn: {n}", "userAccountControl: 512",
                          f"msExchRecipientTypeDetails: {kind}", f"mail: user{n}@{name.replace(' ', '-')}.example"))
    return "".join(made)


class Directory(Peer):
    def __init__(self, folder, ca, ldif, more=""):
        """`more`: lines of the configuration, such as the size limit that everybody meets."""
        super().__init__("slapd", folder)
        self.port, self.tls_port = free_port(), free_port()
        self.ca, self.more = ca, more
        self.conf = self.folder / "slapd.conf"
        self._certify()
        self._write()
        self._fill(ldif)

    def _certify(self):
        f = self.folder
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f / "slapd.key")
        csr = openssl("req", "-new", "-key", f / "slapd.key", "-subj", "/CN=localhost").decode()
        # where libldap reads localhost it looks for the machine's own name
        (f / "slapd.pem").write_text(self.ca.sign(csr, ["localhost", socket.gethostname(), socket.getfqdn()]) + self.ca.intermediate.read_text())

    def _write(self):
        (self.folder / "ad.schema").write_text(SCHEMA)
        (self.folder / "db").mkdir()
        self.conf.write_text(f"""include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include {self.folder}/ad.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {self.folder}/slapd.pid
TLSCertificateFile {self.folder}/slapd.pem
TLSCertificateKeyFile {self.folder}/slapd.key
TLSCACertificateFile {self.ca.root}
threads 4
{self.more}
database mdb
maxsize 268435456
suffix "{SUFFIX}"
directory {self.folder}/db
dbnosync
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{READER}" read by * none
""")

    def _fill(self, ldif):
        base = entry(SUFFIX, "objectClass: dcObject", "objectClass: organization", "o: Hosting", "dc: hosting") + \
            entry(READER, "objectClass: person", "cn: certdesk", "sn: certdesk", f"userPassword: {PASSWORD}") + \
            entry(f"ou=Hosting,{SUFFIX}", "objectClass: organizationalUnit", "ou: Hosting")
        r = subprocess.run(["/usr/sbin/slapadd", "-q", "-f", self.conf], input=base + ldif, capture_output=True, text=True)
        assert r.returncode == 0, r.stderr

    def start(self):
        self.spawn("/usr/sbin/slapd", "-d", "0", "-f", str(self.conf), "-h",
                   f"ldap://127.0.0.1:{self.port}/ ldaps://127.0.0.1:{self.tls_port}/")
        wait_for(lambda: answers(self.port) and answers(self.tls_port) or not self.alive(), what="slapd")
        assert self.alive(), self.log_text()
        return self

    def change(self, *changes):
        """LDIF of changes, by the database's tool: the server must be stopped."""
        r = subprocess.run(["/usr/sbin/slapadd", "-q", "-f", self.conf], input="".join(changes), capture_output=True, text=True)
        assert r.returncode == 0, r.stderr

    def settings(self, password_file, starttls=False, **more):
        """The members of an entry of mailbox_sources."""
        return {"kind": "ldap", "url": f"ldap://localhost:{self.port}" if starttls else f"ldaps://localhost:{self.tls_port}",
                "ca_file": self.ca.root, "user": READER, "password_file": password_file,
                "base": f"OU={{customer}},OU=Hosting,{SUFFIX}", "filter": FULL_ACCESS, "timeout": 5, **more}
