{{/* Addresses that may call one service, with commas between: (dict "root" . "key" …). Empty: anyone. */}}
{{- define "gateway.allowlist" -}}
{{- $ingress := (index .root.Values .key).ingress -}}
{{- $known := merge (dict) .root.Values.allowlist_groups (dig "allowlist_groups" (dict) (get .root.Values "generic-service" | default dict)) -}}
{{- $ranges := list -}}
{{- range (dig "groups" (list) ($ingress.allowlist | default dict)) -}}
{{- if not (hasKey $known .) -}}
{{- fail (printf "%s.ingress.allowlist: there is no group %s in allowlist_groups, which the deployment pipeline adds" $.key .) -}}
{{- end -}}
{{- $group := get $known . -}}
{{- if kindIs "map" $group }}{{ $group = values $group | sortAlpha }}{{ end -}}
{{- $ranges = concat $ranges $group -}}
{{- end -}}
{{- if and $ingress.allowlistRequired (not $ranges) -}}
{{- fail (printf "%s.ingress.allowlist: nobody may be let in from everywhere here; name the groups, or set allowlistRequired to false" .key) -}}
{{- end -}}
{{- join "," (uniq $ranges) -}}
{{- end }}

{{/* The web firewall's rules of one service: (dict "root" . "key" …). The controller puts them in single quotes. */}}
{{- define "gateway.firewall" -}}
{{- $firewall := (index .root.Values .key).ingress.firewall -}}
SecRuleEngine {{ $firewall.engine }}
SecAction "id:900200,phase:1,nolog,pass,t:none,setvar:tx.allowed_methods={{ join " " $firewall.allowedMethods }}"
SecAction "id:900000,phase:1,nolog,pass,t:none,setvar:tx.paranoia_level={{ $firewall.paranoiaLevel }}"
SecDefaultAction "phase:2,pass,log,{{ with $firewall.team }}tag:github_team={{ . }},{{ end }}tag:namespace={{ .root.Release.Namespace }}"
SecRule REQUEST_HEADERS:User-Agent "@contains detectify" "id:1001,phase:1,deny,status:418,t:lowercase,nolog"
SecRuleUpdateActionById 949110 "t:none,deny,status:{{ $firewall.denialStatus }},logdata:%{SERVER_NAME}"
SecRuleUpdateActionById 959100 "t:none,deny,status:{{ $firewall.denialStatus }},logdata:%{SERVER_NAME}"
{{- end }}
