{{- define "gateway.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "gateway.selectorLabels" -}}
app.kubernetes.io/name: gateway
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "gateway.labels" -}}
{{ include "gateway.selectorLabels" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* Fails when twice the pods (a rolling update) could open more connections to a database than it may give. */}}
{{- define "gateway.checkConnections" -}}
{{- $env := .Values.env -}}
{{- $perLoop := add (int $env.DATABASE_READ_CONNECTIONS) (int $env.DATABASE_WRITE_CONNECTIONS) -}}
{{- /* Two more: the listener of the outbox, and a migration. */ -}}
{{- $perPod := add (mul (int $env.SERVER_LOOPS) $perLoop) 2 -}}
{{- $pods := ternary (int .Values.autoscaling.maxReplicas) (int .Values.replicaCount) .Values.autoscaling.enabled -}}
{{- $most := mul 2 $pods $perPod -}}
{{- if gt (int $most) (int .Values.databaseConnectionBudget) -}}
{{- fail (printf "%d pods of %d connections, twice while a deployment runs, are %d connections to a database, more than databaseConnectionBudget (%d): fewer pods, SERVER_LOOPS or DATABASE_…_CONNECTIONS" $pods $perPod $most (int .Values.databaseConnectionBudget)) -}}
{{- end -}}
{{- end }}

{{/* Fails when a pod could be killed before its stop is over. */}}
{{- define "gateway.checkStop" -}}
{{- range list "SERVER_DRAIN_TIME" "SERVER_SHUTDOWN_TIMEOUT" -}}
{{- if not (regexMatch "^[0-9]+s$" (get $.Values.env . | toString)) -}}
{{- fail (printf "env.%s: whole seconds, such as 30s" .) -}}
{{- end -}}
{{- end -}}
{{- $drain := int (trimSuffix "s" .Values.env.SERVER_DRAIN_TIME) -}}
{{- $stop := int (trimSuffix "s" .Values.env.SERVER_SHUTDOWN_TIMEOUT) -}}
{{- if ge $drain $stop -}}
{{- fail (printf "SERVER_DRAIN_TIME (%d s) is a part of SERVER_SHUTDOWN_TIMEOUT (%d s): more time for the stop, or less for draining" $drain $stop) -}}
{{- end -}}
{{- /* Three more: what the program gives a stop beyond its time before it ends itself. */ -}}
{{- $all := add (int .Values.stopping.pauseSeconds) $stop 3 -}}
{{- if gt (int $all) (int .Values.stopping.graceSeconds) -}}
{{- fail (printf "a stop may take %d s (pause %d, SERVER_SHUTDOWN_TIMEOUT %d, and 3), more than stopping.graceSeconds (%d)" $all (int .Values.stopping.pauseSeconds) $stop (int .Values.stopping.graceSeconds)) -}}
{{- end -}}
{{- end }}

{{/* The settings, from values and secrets. */}}
{{- define "gateway.env" -}}
- name: SERVER_PORT
  value: "8080"
- name: METRICS_PORT
  value: {{ .Values.metrics.port | quote }}
- name: NON_ASSOCIATIONS_HOSTS
  value: {{ join "," .Values.ingress.nonAssociations.hosts | quote }}
- name: RESTRICTED_PATIENTS_HOSTS
  value: {{ join "," .Values.ingress.restrictedPatients.hosts | quote }}
{{- if .Values.databaseAuthorities.configMap }}
- name: PGSSLROOTCERT
  value: /etc/gateway/database-authorities/{{ .Values.databaseAuthorities.key }}
{{- end }}
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- range $secret, $settings := .Values.secrets }}
{{- range $name, $from := $settings }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      {{- if kindIs "map" $from }}
      key: {{ $from.key }}
      optional: {{ $from.optional }}
      {{- else }}
      key: {{ $from }}
      {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The part of a pod that the server and the batch job share: who it is, and what it must not do. */}}
{{- define "gateway.pod" -}}
serviceAccountName: {{ .Values.serviceAccountName }}
# AWS's token is mounted by its own webhook; the cluster's interface is not called.
automountServiceAccountToken: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 2000
  runAsGroup: 2000
  fsGroup: 2000
  seccompProfile: {type: RuntimeDefault}
{{- if .Values.databaseAuthorities.configMap }}
volumes:
  - name: database-authorities
    configMap: {name: {{ .Values.databaseAuthorities.configMap }}}
{{- end }}
{{- end }}

{{- define "gateway.container" -}}
image: {{ printf "%s:%s" (required "image.repository: where was the image pushed to?" .Values.image.repository) (.Values.image.tag | default .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
env:
  {{- include "gateway.env" . | nindent 2 }}
{{- if .Values.databaseAuthorities.configMap }}
volumeMounts:
  - {name: database-authorities, mountPath: /etc/gateway/database-authorities, readOnly: true}
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- end }}

{{/* One ingress: (dict "root" . "name" … "values" …) */}}
{{- define "gateway.ingress" -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "gateway.name" .root }}-{{ .name }}
  labels:
    {{- include "gateway.labels" .root | nindent 4 }}
  annotations:
    {{- if .values.firewall }}
    nginx.ingress.kubernetes.io/enable-modsecurity: "true"
    nginx.ingress.kubernetes.io/modsecurity-snippet: |
      SecRuleEngine {{ .values.firewall }}
    {{- end }}
    {{- with .root.Values.ingress.allowlist }}
    nginx.ingress.kubernetes.io/whitelist-source-range: {{ join "," . | quote }}
    {{- end }}
    # The host decides which service is shown, and nginx chooses its server by an absolute target but passes the caller's
    # Host field on: so it says itself whose request this is.
    nginx.ingress.kubernetes.io/upstream-vhost: {{ first .values.hosts }}
    {{- with mergeOverwrite (deepCopy .root.Values.ingress.annotations) .values.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  ingressClassName: {{ .root.Values.ingress.className }}
  tls:
    - hosts:
        {{- toYaml .values.hosts | nindent 8 }}
      secretName: {{ .values.tlsSecretName }}
  rules:
    {{- range .values.hosts }}
    - host: {{ . }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ include "gateway.name" $.root }}
                port: {name: http}
    {{- end }}
{{- end }}
