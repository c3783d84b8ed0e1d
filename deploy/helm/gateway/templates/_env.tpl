{{/* The settings, from values and secrets. */}}
{{- define "gateway.env" -}}
{{- $modules := list -}}
{{- $env := deepCopy .Values.env -}}
{{- $secrets := deepCopy .Values.secrets -}}
{{- range include "gateway.hosted" . | fromJsonArray -}}
{{- $service := index $.Values . -}}
{{- $modules = append $modules (include "gateway.module" .) -}}
{{- $prefix := include "gateway.prefix" . -}}
{{- $hosts := include "gateway.hosts" (dict "root" $ "key" .) -}}
{{- $env = merge $env (dict (printf "%s_HOSTS" $prefix) $hosts) $service.env -}}
{{- with ($service.subjectAccessTemplate | default dict).sha256 -}}
{{- $_ := set $env (printf "%s_SAR_TEMPLATE_SHA256" $prefix) . -}}
{{- end -}}
{{- range $secret, $settings := $service.secrets -}}
{{- $_ := set $secrets $secret (merge (get $secrets $secret | default dict) ($settings | default dict)) -}}
{{- end -}}
{{- end -}}
- name: SERVER_PORT
  value: "8080"
- name: METRICS_PORT
  value: {{ .Values.metrics.port | quote }}
# So that a setting that is missing refuses the start, and never leaves a service out.
- name: GATEWAY_MODULES
  value: {{ join "," $modules }}
{{- range include "gateway.files" . | fromJsonArray }}
- name: {{ .setting }}
  value: /etc/gateway/{{ .name }}/{{ .key }}
{{- end }}
{{- range $name, $value := $env }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- range $secret, $settings := $secrets }}
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
