<?php

declare(strict_types=1);

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
header('Content-Type: text/plain');
echo $path === '/health' ? "ok\n" : "Nobody wrote yet.\n";
