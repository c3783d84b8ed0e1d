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
