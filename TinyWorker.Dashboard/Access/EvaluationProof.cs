using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace TinyWorker.Dashboard.Access;

/// <summary>
/// Finds out whether a request was really authorized. That an endpoint has a policy proves nothing: the middleware that evaluates it may be
/// missing, may come too late, or may have seen another endpoint. So each endpoint has a requirement of ours, which the framework adds to
/// the endpoint's policy, a fallback policy included, and which notes down the evaluation, if there are others. Without others there is no
/// policy.
/// </summary>
/// <remarks>Where it cannot note that down, the request counts as not authorized.</remarks>
internal sealed class EvaluationProof : IAuthorizationRequirementData, IAuthorizationRequirement, IAuthorizationHandler
{
    private static readonly object Key = new();

    public IEnumerable<IAuthorizationRequirement> GetRequirements() => [this];

    // Called by the framework's PassThroughAuthorizationHandler. Whether the others are met is known later: it is asked at the endpoint, for
    // an application may let a request go on that has failed.
    public Task HandleAsync(AuthorizationHandlerContext context)
    {
        if (context.Resource is HttpContext http && context.Requirements.Any(static other => other is not EvaluationProof))
            http.Items[Key] = (http.GetEndpoint(), context);
        context.Succeed(this);
        return Task.CompletedTask;
    }

    /// <summary>Whether a policy was evaluated, and met, for the endpoint at which the request has arrived.</summary>
    public static bool IsIn(HttpContext context) =>
        context.Items.TryGetValue(Key, out var item) && item is (Endpoint endpoint, AuthorizationHandlerContext { HasSucceeded: true })
        && ReferenceEquals(endpoint, context.GetEndpoint());
}
