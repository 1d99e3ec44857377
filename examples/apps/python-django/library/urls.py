"""Routes."""

from django.http import HttpRequest, JsonResponse
from django.urls import path


def index(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"books": []})


urlpatterns = [path("", index), path("health/", index)]
