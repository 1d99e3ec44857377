"""How a JVM in a build is told of the authorities in the secret `ca`.

It reads no PEM bundle but a key store, and `keytool` puts one certificate at a time into one: half a second each. So
a few lines of Java, which every JDK compiles, make the store of the whole bundle at once.
"""

from __future__ import annotations

PROGRAM = (
    "public class Trust { public static void main(String[] a) throws Exception {"
    ' java.security.KeyStore store = java.security.KeyStore.getInstance("PKCS12"); store.load(null, null); int n = 0;'
    ' for (java.security.cert.Certificate c : java.security.cert.CertificateFactory.getInstance(\\"X.509\\")'
    '.generateCertificates(new java.io.FileInputStream(a[0]))) store.setCertificateEntry(\\"ca\\" + n++, c);'
    ' store.store(new java.io.FileOutputStream(a[1]), \\"changeit\\".toCharArray()); } }'
).replace('\\"', '"')
STORE = "/tmp/trust/ca.p12"  # noqa: S108 - within a build
OPTIONS = " ".join(
    (
        f"-Djavax.net.ssl.trustStore={STORE}",
        "-Djavax.net.ssl.trustStorePassword=changeit",
        "-Djavax.net.ssl.trustStoreType=PKCS12",
    )
)
TRUST = (
    "if [ -s /run/secrets/ca ]; then mkdir -p /tmp/trust"
    f" && echo '{PROGRAM}' > /tmp/trust/Trust.java"
    " && javac -d /tmp/trust /tmp/trust/Trust.java"
    f" && java -cp /tmp/trust Trust /run/secrets/ca {STORE}"
    f' && export JAVA_TOOL_OPTIONS="{OPTIONS}"; fi'
)
"""A shell command for the beginning of a step; later ones of the same step inherit the variable."""
