"""Runs inside Spark's own Python: starts a metastore's parts in a JVM, on loopback.

    hive_metastore_process.py PORT HEAP_OPTION CLASS_PATH

The metastore's own main class listens on all interfaces and cannot be told otherwise; its handler is the same here.
"""

import sys
from pathlib import Path
from typing import Any

from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway

OPENED = ("lang", "util", "net", "lang.invoke", "nio", "util.concurrent")
WORKERS_MAX = 1000


def main() -> None:
    port, heap, classes = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    options = [heap, "-XX:+UseSerialGC", *(f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in OPENED)]
    options.append("-Dlog4j2.configurationFile=log4j2.properties")
    gateway_port, token, process = launch_gateway(
        classpath=classes,
        javaopts=options,
        die_on_exit=True,
        enable_auth=True,
        return_proc=True,
        redirect_stdout=sys.stdout,
        redirect_stderr=sys.stderr,
    )
    Path("pid").write_text(str(process.pid))
    parameters = GatewayParameters(port=gateway_port, auth_token=token)
    serve(JavaGateway(gateway_parameters=parameters).jvm, port)


def serve(jvm: Any, port: int) -> None:
    """Make the handler as the metastore's own main method does, and serve it until the process is ended."""
    metastore, thrift = jvm.org.apache.hadoop.hive.metastore, jvm.org.apache.thrift
    conf = jvm.org.apache.hadoop.hive.conf.HiveConf()
    handler = metastore.HiveMetaStore.HMSHandler("metastore", conf, False)
    proxy = metastore.RetryingHMSHandler.getProxy(conf, handler, False)
    metastore.txn.TxnDbUtil.prepDb(conf)  # the tables of locks, which are not made with the others
    socket = thrift.transport.TServerSocket(jvm.java.net.InetSocketAddress("127.0.0.1", port))
    arguments = thrift.server.TThreadPoolServer.Args(socket)
    arguments.processor(metastore.TSetIpAddressProcessor(proxy))
    arguments.transportFactory(thrift.transport.TTransportFactory())
    arguments.protocolFactory(thrift.protocol.TBinaryProtocol.Factory())
    arguments.maxWorkerThreads(WORKERS_MAX)
    thrift.server.TThreadPoolServer(arguments).serve()


if __name__ == "__main__":
    main()
