# Ceph RADOS Gateway, one node without systemd: a monitor, an OSD that keeps objects in memory, the S3 gateway.
# Sourced by scripts/real-servers.

CEPH_ACCESS_KEY=testaccesskey
CEPH_SECRET_KEY=testsecretkey0123456789

start_ceph() {
  local home="$STATE/ceph" port conf osd
  port="$(free_port 9400 50)"
  conf="$home/ceph.conf"
  mkdir -p "$home"/{mon,osd,rgw,run,crash}
  write_ceph_conf "$home" "$port" >"$conf"
  make_ceph_keys "$home/keyring" >"$home/log/setup.log" 2>&1

  monmaptool --create --addv a "[v2:127.0.0.1:$((port + 1))]" --fsid "$(awk '/^fsid/ { print $3 }' "$conf")" \
    --set-min-mon-release 16 "$home/monmap" >>"$home/log/setup.log" 2>&1
  ceph-mon --mkfs -i a -c "$conf" --monmap "$home/monmap" --keyring "$home/keyring" >>"$home/log/setup.log" 2>&1
  spawn ceph mon.out ceph-mon -i a -c "$conf" -f
  until_true 30 eval "! is_free $((port + 1))"

  osd="$(cat /proc/sys/kernel/random/uuid)"
  timeout 60 ceph -c "$conf" osd new "$osd" 0 >>"$home/log/setup.log" 2>&1
  ceph-osd -i 0 -c "$conf" --mkfs --osd-uuid "$osd" >>"$home/log/setup.log" 2>&1
  spawn ceph osd.out ceph-osd -i 0 -c "$conf" -f
  spawn ceph rgw.out radosgw -n client.rgw -c "$conf" -f
  until_true 120 curl -s --max-time 2 "http://127.0.0.1:$port/"
  timeout 60 radosgw-admin -c "$conf" -n client.rgw user create --uid=test --display-name=test \
    --access-key="$CEPH_ACCESS_KEY" --secret-key="$CEPH_SECRET_KEY" >>"$home/log/setup.log" 2>&1
  only_loopback "$port"
  # The first signed requests wait for placement groups; a test should not.
  until_true 60 curl -sf --max-time 20 -X PUT --aws-sigv4 aws:amz:us-east-1:s3 \
    -u "$CEPH_ACCESS_KEY:$CEPH_SECRET_KEY" -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \
    "http://127.0.0.1:$port/ready"

  cat >"$home/env" <<ENV
export S3_ENDPOINT=http://127.0.0.1:$port
export S3_ACCESS_KEY=$CEPH_ACCESS_KEY
export S3_SECRET_KEY=$CEPH_SECRET_KEY
export S3_REGION=us-east-1
ENV
}

# make_ceph_keys KEYRING -> cephx keys of every daemon; a gateway without authentication does not start
make_ceph_keys() {
  ceph-authtool --create-keyring "$1" --gen-key -n mon. --cap mon 'allow *'
  ceph-authtool "$1" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
  ceph-authtool "$1" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
  ceph-authtool "$1" --gen-key -n client.rgw --cap mon 'allow rw' --cap osd 'allow rwx'
  chmod 600 "$1"
}

# write_ceph_conf HOME PORT -> the configuration; the gateway listens on PORT, the monitor on the next one
write_ceph_conf() {
  cat <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon_host = v2:127.0.0.1:$(($2 + 1))/0
mon_initial_members = a
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_ipv4 = true
ms_bind_ipv6 = false
ms_bind_msgr1 = false
ms_bind_port_min = $(($2 + 10))
ms_bind_port_max = $(($2 + 40))
ms_async_op_threads = 2
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
keyring = $1/keyring
run_dir = $1/run
log_file = $1/log/\$name.log
admin_socket = $1/run/\$name.asok
pid_file = $1/run/\$name.pid
crash_dir = $1/crash
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
mon_max_pg_per_osd = 1000
[mon]
mon_data = $1/mon
mon_data_avail_warn = 1
mon_data_avail_crit = 1
# There is one monitor and so no quorum to wait for.
mon_tick_interval = 1
paxos_propose_interval = 0.05
[osd]
osd_data = $1/osd
osd_objectstore = memstore
memstore_device_bytes = 8589934592
osd_op_num_shards = 2
osd_op_num_threads_per_shard = 2
osd_max_pg_log_entries = 100
osd_min_pg_log_entries = 50
osd_class_load_list = *
osd_class_default_list = *
[client.rgw]
rgw_data = $1/rgw
# Without tcp_nodelay every small GET waits 40 ms for a delayed acknowledgement.
rgw_frontends = beast endpoint=127.0.0.1:$2 tcp_nodelay=1
rgw_thread_pool_size = 64
rgw_dynamic_resharding = false
rgw_override_bucket_index_max_shards = 1
rgw_enable_usage_log = false
rgw_enable_ops_log = false
rgw_enable_apis = s3, admin
rgw_num_rados_handles = 1
rgw_run_sync_thread = false
# Deleted objects above 4 MiB would stay in memory for two hours.
rgw_gc_max_objs = 4
rgw_gc_obj_min_wait = 2
rgw_gc_processor_period = 5
rgw_gc_processor_max_time = 5
CONF
}
