using System.Text;
using Microsoft.AspNetCore.Http;

namespace TinyWorker.Dashboard.Serving;

/// <summary>Answers in plain text.</summary>
internal static class Answer
{
    public static Task WithAsync(HttpContext context, int status, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text + "\n");
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask
            : context.Response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }
}
