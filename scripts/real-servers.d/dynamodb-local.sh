# Amazon's DynamoDB Local, from the npm package that carries its jar. Sourced by scripts/real-servers.

DYNAMODB_PACKAGE=amplify-dynamodb-simulator@2.9.30
DYNAMODB_SHA512=c5379e44bbf311fab2779961ddb1f8734907bd21c79a6843e590ec1c5280439836665e89aa515dbad6908422c7cf1129e91cb5a3b4c1ea7888a17b9002749ec1
DYNAMODB_JARS="$STATE/dynamodb-local-jar"

# install_dynamodb_local -> fetches the package's tarball: none of its dependencies, none of its scripts
install_dynamodb_local() {
  [ -f "$DYNAMODB_JARS/DynamoDBLocal.jar" ] && return 0
  local download
  say "fetching DynamoDB Local ($DYNAMODB_PACKAGE); its licence is Amazon's, see $DYNAMODB_JARS/LICENSE.txt"
  download="$(mktemp -d)"
  (
    set -e
    trap 'rm -rf "$download"' EXIT
    cd "$download"
    npm pack --loglevel=error --ignore-scripts "$DYNAMODB_PACKAGE" >/dev/null
    sha512sum --quiet --check - <<<"$DYNAMODB_SHA512  $(echo ./*.tgz)" >&2
    tar -xzf ./*.tgz
    mkdir -p "$STATE"
    rm -rf "$DYNAMODB_JARS"
    mv package/emulator "$DYNAMODB_JARS"
  )
}

start_dynamodb_local() {
  local home="$STATE/dynamodb_local" port
  port="$(free_port 9800 2)"
  # It has no option for the address and would listen on all of them.
  cc -shared -fPIC -O2 -o "$home/bind-loopback.so" "$PARTS/bind-loopback.c" -ldl
  # Only the variable keeps it from writing that telemetry is on; it writes its files to the working folder.
  spawn dynamodb_local server.out env -C "$home" DDB_LOCAL_TELEMETRY=0 LD_PRELOAD="$home/bind-loopback.so" \
    java -Xmx512m -XX:+UseSerialGC -Djava.net.preferIPv4Stack=true \
    -Djava.library.path="$DYNAMODB_JARS/DynamoDBLocal_lib" -jar "$DYNAMODB_JARS/DynamoDBLocal.jar" \
    -port "$port" -sharedDb -inMemory -disableTelemetry
  until_true 60 curl -sf --max-time 20 --aws-sigv4 aws:amz:us-east-1:dynamodb -u testkey:testsecret \
    -H 'Content-Type: application/x-amz-json-1.0' -H 'X-Amz-Target: DynamoDB_20120810.ListTables' -d '{}' \
    "http://127.0.0.1:$port/"
  only_loopback "$port"

  cat >"$home/env" <<ENV
export DDB_ENDPOINT=http://127.0.0.1:$port
export DDB_ACCESS_KEY=testkey
export DDB_SECRET_KEY=testsecret
export DDB_REGION=us-east-1
ENV
}
