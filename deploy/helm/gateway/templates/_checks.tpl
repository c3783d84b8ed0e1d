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

{{/* Fails when something would be done twice, or dead letters replayed that wait for a person. */}}
{{- define "gateway.checkJobs" -}}
{{- if .Values.restrictedPatients.enabled -}}
{{- range list .Values.env .Values.restrictedPatients.env -}}
{{- if .RESTRICTED_PATIENTS_REDRIVE_INTERVAL -}}
{{- fail "RESTRICTED_PATIENTS_REDRIVE_INTERVAL replays the dead letters of restricted patients, where a merge waits for a person: leave it out" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.nonAssociations.enabled .Values.nonAssociations.retryDeadLetters.enabled -}}
{{- range list .Values.env .Values.nonAssociations.env -}}
{{- range list .HMPPS_SQS_REDRIVE_INTERVAL .NON_ASSOCIATIONS_REDRIVE_INTERVAL -}}
{{- if . -}}
{{- fail "HMPPS_SQS_REDRIVE_INTERVAL or NON_ASSOCIATIONS_REDRIVE_INTERVAL, and nonAssociations.retryDeadLetters, both replay dead letters: choose one" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.restrictedPatients.enabled .Values.restrictedPatients.env.RESTRICTED_PATIENTS_PAST_DATE_CHECK_TIME .Values.pastDateCheck.enabled -}}
{{- fail "RESTRICTED_PATIENTS_PAST_DATE_CHECK_TIME and pastDateCheck both run the past-date check: choose one" -}}
{{- end -}}
{{- end }}
