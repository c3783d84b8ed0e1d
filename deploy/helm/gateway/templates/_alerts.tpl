{{/* One alert: (dict "root" . "key" … "name" … "expr" … "for" … "says" …); the service says who is told, and when. */}}
{{- define "gateway.alert" -}}
{{- $alerts := (index .root.Values .key).alerts }}
- alert: {{ .name }}
  {{- if $alerts.businessHoursOnly }}
  expr: ({{ .expr }}) and on () (0 < day_of_week() < 6) and on () (7 <= hour() < 18)
  {{- else }}
  expr: {{ .expr }}
  {{- end }}
  for: {{ .for }}
  labels:
    severity: {{ $alerts.severity }}
  annotations:
    message: {{ .says | quote }}
    {{- with .root.Values.metrics.alerts.runbook }}
    runbook_url: {{ . }}#{{ $.name | lower }}
    {{- end }}
{{- end }}

{{/* Of the gateway itself: an outage of it concerns every service in it. */}}
{{- define "gateway.processAlerts" -}}
{{- $name := include "gateway.name" .root }}
{{- $here := printf "namespace=%q" .root.Release.Namespace }}
{{- $job := printf "%s,job=%q" $here $name }}
{{- $deployment := printf "%s,deployment=%q" $here $name }}
{{- $pods := printf "%s,pod=~\"%s-[a-z0-9]+-[a-z0-9]{5}\",container=\"gateway\"" $here $name }}
{{- range $alert := list
  (dict "name" "GatewayDown" "for" "1m"
    "expr" (printf "kube_deployment_status_replicas_available{%s} == 0 and on (namespace, deployment) kube_deployment_spec_replicas{%s} > 0" $deployment $deployment)
    "says" "no pod of the gateway is ready: its APIs are down")
  (dict "name" "GatewayPodsMissing" "for" "10m"
    "expr" (printf "kube_deployment_status_replicas_available{%s} < kube_deployment_spec_replicas{%s}" $deployment $deployment)
    "says" "{{ $value }} pods are ready, fewer than there should be")
  (dict "name" "GatewayRestarts" "for" "0m"
    "expr" (printf "increase(kube_pod_container_status_restarts_total{%s}[15m]) > 1" $pods)
    "says" "{{ $labels.pod }} has been restarted more than once in 15 minutes")
  (dict "name" "GatewayOutOfMemory" "for" "0m"
    "expr" (printf "kube_pod_container_status_last_terminated_reason{%s,reason=\"OOMKilled\"} == 1 and on (pod) increase(kube_pod_container_status_restarts_total{%s}[15m]) > 0" $pods $pods)
    "says" "{{ $labels.pod }} was killed for want of memory")
  (dict "name" "GatewayErrors" "for" "5m"
    "expr" (printf "sum by (module) (rate(http_server_request_duration_seconds_count{%s,http_response_status_code=~\"5..\",http_route!~\"/health.*\"}[5m])) > 0.01 * sum by (module) (rate(http_server_request_duration_seconds_count{%s,http_route!~\"/health.*\"}[5m]))" $job $job)
    "says" "more than one answer in a hundred of {{ $labels.module }} is a server error")
  (dict "name" "GatewaySlow" "for" "10m"
    "expr" (printf "histogram_quantile(0.95, sum by (module, le) (rate(http_server_request_duration_seconds_bucket{%s,http_route!~\"/health.*\"}[5m]))) > 2" $job)
    "says" "one request in twenty of {{ $labels.module }} takes longer than {{ $value | humanizeDuration }}")
  (dict "name" "GatewayNoTokenKeys" "for" "2m"
    "expr" (printf "auth_jwks_keys{%s} == 0" $job)
    "says" "{{ $labels.pod }} has no key to check tokens with: HMPPS Auth did not give any since it started")
  (dict "name" "GatewayUpstreamErrors" "for" "10m"
    "expr" (printf "sum by (server_address) (rate(http_client_request_duration_seconds_count{%s,error_type!=\"\",error_type!~\"4..\"}[5m])) > 0.1 * sum by (server_address) (rate(http_client_request_duration_seconds_count{%s}[5m]))" $job $job)
    "says" "more than one call in ten to {{ $labels.server_address }} fails")
  (dict "name" "GatewayDatabaseWait" "for" "5m"
    "expr" (printf "max by (db_client_connection_pool_name) (db_client_connection_pending_requests{%s}) > 0" $job)
    "says" "requests wait for a database connection ({{ $labels.db_client_connection_pool_name }}) all the time")
  (dict "name" "GatewayLoopLag" "for" "5m"
    "expr" (printf "max by (pod) (eventloop_lag_seconds{%s}) > 0.25" $job)
    "says" "an event loop of {{ $labels.pod }} is held up for {{ $value | humanizeDuration }}: no processor time, or a fault")
  (dict "name" "GatewayNotPublished" "for" "5m"
    "expr" (printf "max by (module) (events_outbox_oldest_age_seconds{%s}) > 60" $job)
    "says" "the oldest event or audit message of {{ $labels.module }} has waited for {{ $value | humanizeDuration }}: the broker does not take it, and it is tried again by itself")
  (dict "name" "GatewaySetAside" "for" "0m"
    "expr" (printf "max by (module) (events_outbox_set_aside_messages{%s}) > 0" $job)
    "says" "{{ $value }} messages of {{ $labels.module }} cannot be sent: `gateway outbox list` in a pod says why, `gateway outbox retry` sends them once that is put right")
  (dict "name" "GatewayMemory" "for" "15m"
    "expr" (printf "max by (pod) (container_memory_working_set_bytes{%s}) > 0.9 * max by (pod) (kube_pod_container_resource_limits{%s,resource=\"memory\"})" $pods $pods)
    "says" "{{ $labels.pod }} has nearly reached its memory limit")
  (dict "name" "GatewayQuota" "for" "15m"
    "expr" (printf "100 * max by (resource) (kube_resourcequota{%s,type=\"used\"}) / max by (resource) (kube_resourcequota{%s,type=\"hard\"} > 0) > 90" $here $here)
    "says" "the namespace uses {{ $value | humanize }} % of its quota of {{ $labels.resource }}")
}}
{{- include "gateway.alert" (merge (dict "root" $.root "key" $.key) $alert) }}
{{- end }}
{{- end }}

{{/* Of one service's ingress, jobs, queues and database. */}}
{{- define "gateway.serviceAlerts" -}}
{{- $service := index .root.Values .key }}
{{- $alerts := $service.alerts }}
{{- $name := include "gateway.name" .root }}
{{- $here := printf "namespace=%q" .root.Release.Namespace }}
{{- $ingress := printf "exported_namespace=%q,ingress=\"%s-%s\"" .root.Release.Namespace $name (include "gateway.module" .key) }}
{{- $list := list
  (dict "name" "GatewayIngressErrors" "for" "1m"
    "expr" (printf "sum by (ingress) (rate(nginx_ingress_controller_requests{%s,path=\"/\",status=~\"5..\"}[1m])) > 0" $ingress)
    "says" "{{ $labels.ingress }} answers with server errors")
  (dict "name" "GatewayIngressHealth" "for" "5m"
    "expr" (printf "sum by (ingress) (rate(nginx_ingress_controller_requests{%s,path=\"/health\",status=~\"5..\"}[5m])) / sum by (ingress) (rate(nginx_ingress_controller_requests{%s,path=\"/health\"}[5m])) > 0.004" $ingress $ingress)
    "says" "/health of {{ $labels.ingress }} says that a component is down")
  (dict "name" "GatewayIngressRateLimit" "for" "1m"
    "expr" (printf "sum by (ingress) (rate(nginx_ingress_controller_requests{%s,status=\"429\"}[1m])) > 0" $ingress)
    "says" "{{ $labels.ingress }} holds callers back")
  (dict "name" "GatewayIngressFirewall" "for" "1m"
    "expr" (printf "sum by (ingress) (rate(nginx_ingress_controller_requests{%s,status=\"%v\"}[1m])) > 0.33" $ingress $service.ingress.firewall.denialStatus)
    "says" "the firewall of {{ $labels.ingress }} denies {{ printf \"%.2f\" $value }} requests a second")
}}
{{- $jobs := printf "%s,job_name=~\"%s-%s-(retry|restore)-.*\"" $here $name (include "gateway.module" .key) }}
{{- if not $service.besideReplaced }}
{{- $list = append $list (dict "name" "GatewayJobFailed" "for" "15m"
  "expr" (printf "kube_job_status_failed{%s} > 0" $jobs)
  "says" "{{ $labels.job_name }} failed: its log says why") }}
{{- if and (eq .key "restrictedPatients") .root.Values.pastDateCheck.enabled }}
{{- $check := printf "%s-past-date-check" $name }}
{{- $list = concat $list (list
  (dict "name" "GatewayPastDateCheckFailed" "for" "0m"
    "expr" (printf "kube_job_status_failed{%s,job_name=~\"%s-.*\"} > 0 and on (job_name) time() - kube_job_status_start_time{%s,job_name=~\"%s-.*\"} < 93600" $here $check $here $check)
    "says" "{{ $labels.job_name }} failed: its log says why; gateway batch past-date-check runs it again")
  (dict "name" "GatewayPastDateCheckMissing" "for" "0m"
    "expr" (printf "time() - kube_cronjob_status_last_successful_time{%s,cronjob=\"%s\"} > 345600" $here $check)
    "says" "the past-date check last succeeded {{ $value | humanizeDuration }} ago")) }}
{{- end }}
{{- with $alerts.oldestMessage.queues }}
{{- $list = append $list (dict "name" "GatewayQueueAge" "for" "10m"
  "expr" (printf "max by (queue_name) (aws_sqs_approximate_age_of_oldest_message_maximum{queue_name=~\"%s\"} offset 5m) > %d" (join "|" .) (mul 60 $alerts.oldestMessage.minutes))
  "says" "the oldest message of {{ $labels.queue_name }} has waited for {{ $value | humanizeDuration }}") }}
{{- end }}
{{- with $alerts.numberOfMessages.queues }}
{{- $list = append $list (dict "name" "GatewayQueueMessages" "for" "10m"
  "expr" (printf "max by (queue_name) (aws_sqs_approximate_number_of_messages_visible_maximum{queue_name=~\"%s\"} offset 5m) > %v" (join "|" .) $alerts.numberOfMessages.above)
  "says" "{{ $labels.queue_name }} holds {{ $value }} messages") }}
{{- end }}
{{- range $database, $title := $alerts.databases }}
{{- $list = concat $list (list
  (dict "name" "GatewayDatabaseProcessor" "for" "5m"
    "expr" (printf "aws_rds_cpuutilization_average{dbinstance_identifier=%q} > 80" $database)
    "says" (printf "the processor of database %s is busy for {{ $value | humanize }} %% of its time" $title))
  (dict "name" "GatewayDatabaseConnections" "for" "5m"
    "expr" (printf "aws_rds_database_connections_average{dbinstance_identifier=%q} > %v" $database $.root.Values.databaseConnectionBudget)
    "says" (printf "database %s has {{ $value }} connections" $title))) }}
{{- end }}
{{- end }}
{{- range $alert := $list }}
{{- include "gateway.alert" (merge (dict "root" $.root "key" $.key) $alert) }}
{{- end }}
{{- end }}
