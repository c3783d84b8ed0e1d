{{/* The part of a pod that the server and the batch job share: who it is, and what it must not do. */}}
{{- define "gateway.pod" -}}
serviceAccountName: {{ include "gateway.serviceAccountName" . }}
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
{{- $files := include "gateway.files" . | fromJsonArray }}
{{- if $files }}
volumes:
{{- range $files }}
  - name: {{ .name }}
    configMap: {name: {{ .configMap }}}
{{- end }}
{{- end }}
{{- end }}

{{/* What is mounted, each a config map in a folder of its name, with the setting that names the file. */}}
{{- define "gateway.files" -}}
{{- $files := list -}}
{{- with .Values.databaseAuthorities -}}
{{- if .configMap -}}
{{- $files = append $files (dict "name" "database-authorities" "configMap" .configMap "key" .key "setting" "PGSSLROOTCERT") -}}
{{- end -}}
{{- end -}}
{{- range include "gateway.hosted" . | fromJsonArray -}}
{{- $prefix := include "gateway.prefix" . -}}
{{- with (index $.Values .).subjectAccessTemplate -}}
{{- if .configMap -}}
{{- $files = append $files (dict "name" "subject-access-template" "configMap" .configMap "key" .key "setting" (printf "%s_SAR_TEMPLATE_FILE" $prefix)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $files -}}
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
{{- $files := include "gateway.files" . | fromJsonArray }}
{{- if $files }}
volumeMounts:
{{- range $files }}
  - {name: {{ .name }}, mountPath: /etc/gateway/{{ .name }}, readOnly: true}
{{- end }}
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- end }}
