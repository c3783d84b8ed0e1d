{{/* So short that a job of any name below has at most 52 characters, as Kubernetes asks of a CronJob. */}}
{{- define "gateway.name" -}}
{{- .Release.Name | trunc 24 | trimSuffix "-" -}}
{{- end }}

{{- define "gateway.selectorLabels" -}}
app.kubernetes.io/name: gateway
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "gateway.commonLabels" -}}
app: {{ include "gateway.name" . }}
release: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "gateway.labels" -}}
{{ include "gateway.selectorLabels" . }}
{{ include "gateway.commonLabels" . }}
{{- $hosted := include "gateway.hosted" . | fromJsonArray }}
{{- if eq (len $hosted) 1 }}
hmpps.justice.gov.uk/product-id: {{ include "gateway.productID" (dict "root" . "key" (first $hosted)) }}
{{- end }}
{{- end }}

{{/* Of what belongs to one service: (dict "root" . "key" "nonAssociations") */}}
{{- define "gateway.serviceLabels" -}}
{{ include "gateway.selectorLabels" .root }}
{{ include "gateway.commonLabels" .root }}
hmpps.justice.gov.uk/product-id: {{ include "gateway.productID" . }}
{{- end }}

{{- define "gateway.productID" -}}
{{- $service := index .root.Values .key -}}
{{- get $service.env (printf "%s_PRODUCT_ID" (include "gateway.prefix" .key)) -}}
{{- end }}

{{/* The services that are hosted, as keys of the values, in JSON. */}}
{{- define "gateway.hosted" -}}
{{- $hosted := list -}}
{{- range list "nonAssociations" "restrictedPatients" -}}
{{- if (index $.Values .).enabled }}{{ $hosted = append $hosted . }}{{ end -}}
{{- end -}}
{{- if not $hosted }}{{ fail "neither nonAssociations nor restrictedPatients is enabled" }}{{ end -}}
{{- toJson $hosted -}}
{{- end }}

{{/* What a key of the values is called elsewhere: nonAssociations, non-associations, NON_ASSOCIATIONS. */}}
{{- define "gateway.module" -}}{{ kebabcase . }}{{- end }}
{{- define "gateway.prefix" -}}{{ snakecase . | upper }}{{- end }}

{{/* The name by which the cluster knows the service that is replaced. */}}
{{- define "gateway.replaced" -}}hmpps-{{ kebabcase . }}-api{{- end }}

{{/* Names at which one service alone answers: (dict "root" . "key" …). Those in the cluster too, for its callers there. */}}
{{- define "gateway.hosts" -}}
{{- $name := include "gateway.replaced" .key -}}
{{- $here := printf "%s.%s" $name .root.Release.Namespace -}}
{{- $inside := list $name $here (printf "%s.svc" $here) (printf "%s.svc.cluster.local" $here) -}}
{{- join "," (concat (index .root.Values .key).ingress.hosts $inside) -}}
{{- end }}

{{- define "gateway.serviceAccountName" -}}
{{- $hosted := include "gateway.hosted" . | fromJsonArray -}}
{{- if .Values.serviceAccountName }}{{ .Values.serviceAccountName }}
{{- else if eq (len $hosted) 1 }}{{ include "gateway.replaced" (first $hosted) }}
{{- else }}hmpps-gateway{{ end -}}
{{- end }}

{{/* When pods are started and stopped, in JSON: the earlier start and the later stop; empty where one service has neither. */}}
{{- define "gateway.downtime" -}}
{{- $starts := list -}}{{- $stops := list -}}
{{- $hosted := include "gateway.hosted" . | fromJsonArray -}}
{{- range $hosted -}}
{{- with (index $.Values .).downtime }}{{ $starts = append $starts .startup }}{{ $stops = append $stops .shutdown }}{{ end -}}
{{- end -}}
{{- if eq (len $starts) (len $hosted) -}}
{{- dict "startup" (first (sortAlpha $starts)) "shutdown" (last (sortAlpha $stops)) | toJson -}}
{{- end -}}
{{- end }}

{{/* 06:49 as a schedule of Monday to Friday. */}}
{{- define "gateway.workdays" -}}
{{- $parts := splitList ":" . -}}
{{- printf "%d %d * * 1-5" (int (last $parts)) (int (first $parts)) -}}
{{- end }}
