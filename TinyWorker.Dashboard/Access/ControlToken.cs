using System.Buffers.Text;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;

namespace TinyWorker.Dashboard.Access;

/// <summary>
/// The token that proves that a POST comes from the page: another site cannot read it. It is ours and not IAntiforgery's: it needs no
/// service and no cookie, and above all it belongs to this process. Behind a load balancer a POST that reaches another process than the one
/// that the page has seen must be refused, for the same id is another troupe there.
/// </summary>
/// <remarks>It belongs to one dashboard and to one user, and is good as long as the process lives. Thread-safe.</remarks>
internal sealed class ControlToken
{
    public const string Header = "RequestVerificationToken";

    // What tells one user from another, the first that there is; as IAntiforgery has it
    private static readonly string[] Subjects = ["sub", ClaimTypes.NameIdentifier, ClaimTypes.Upn];

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    public string For(ClaimsPrincipal user) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(IdentityOf(user))));

    public bool IsOf(ClaimsPrincipal user, string? token) =>
        token is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(For(user)), Encoding.UTF8.GetBytes(token));

    private static string IdentityOf(ClaimsPrincipal user)
    {
        var text = new StringBuilder();
        foreach (var identity in user.Identities)
        {
            if (!identity.IsAuthenticated) continue;
            var subject = Subjects.Select(identity.FindFirst).FirstOrDefault(static claim => claim is not null);
            var parts = subject is null ? [identity.AuthenticationType, identity.Name]
                : new[] { identity.AuthenticationType, subject.Type, subject.Value, subject.Issuer };
            foreach (var part in parts) text.Append(part?.Length ?? -1).Append(':').Append(part);   // no two lists give the same text
            text.Append(';');
        }

        return text.ToString();
    }
}
