<?php
// Answers every POST by what json_decode makes of its body. Prints its port.
set_error_handler(fn () => true);
$server = stream_socket_server("tcp://127.0.0.1:0");
echo explode(":", stream_socket_get_name($server, false))[1], "\n";
$clients = [];
while (true) {
    $read = [$server, ...$clients];
    $none = null;
    stream_select($read, $none, $none, null);
    foreach ($read as $socket) {
        if ($socket === $server) {
            $clients[] = stream_socket_accept($server);
            continue;
        }
        $line = fgets($socket);
        if ($line === false) {
            $clients = array_values(array_filter($clients, fn ($known) => $known !== $socket));
            fclose($socket);
            continue;
        }
        $length = 0;
        while (($header = fgets($socket)) !== false && $header !== "\r\n") {
            [$name, $value] = explode(":", $header, 2);
            $length = strcasecmp($name, "content-length") === 0 ? (int) $value : $length;
        }
        $body = "";
        while (strlen($body) < $length) {
            $body .= fread($socket, $length - strlen($body));
        }
        [$status, $content] = [200, ["credits" => 0]];
        if (!str_starts_with($line, "GET")) {
            json_decode($body);
            $error = json_last_error() === JSON_ERROR_NONE
                ? ["code" => "invalid_input", "message" => "The field product is missing."]
                : ["code" => "invalid_json", "message" => "The body cannot be read."];
            $error["docs"] = "https://www.planmysaas.com/docs/api/errors";
            $error["requestId"] = bin2hex(random_bytes(8));
            [$status, $content] = [400, ["error" => $error]];
        }
        $text = json_encode($content);
        $size = strlen($text);
        fwrite($socket, "HTTP/1.1 $status X\r\nContent-Type: application/json\r\nContent-Length: $size\r\n\r\n$text");
    }
}
