{{/* Of pods that are no gateway, so that no selector and no network policy of the gateway takes them for one:
     (dict "root" . "component" …) */}}
{{- define "gateway.toolsLabels" -}}
{{ include "gateway.commonLabels" .root }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* (dict "needsCluster" …): whether it calls the cluster's own interface */}}
{{- define "gateway.toolsSecurity" -}}
automountServiceAccountToken: {{ .needsCluster }}
securityContext:
  runAsNonRoot: true
  runAsUser: 2000
  runAsGroup: 2000
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "gateway.toolsContainer" -}}
image: "{{ .Values.tools.image }}:{{ .Values.tools.tag }}"
securityContext:
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
{{- end }}
