namespace TinyWorker.Diagnostics;

/// <summary>The text of an explanation of a troupe that is composed of others: its own counts, and what the parts say.</summary>
internal static class PartsText
{
    public static string Of(TroupeExplanation of)
    {
        var now = of.Snapshot;
        var own = of.Condition == TroupeCondition.Stopped
            ? $"'{now.Name}' is stopped and takes no more work."
            : $"'{now.Name}' has {Wording.Text(now.Waiting)} tasks waiting and {Wording.Text(now.Running)} running. It is made of "
                + $"{string.Join(" and ", of.Parts.Select(static part => $"'{part.Snapshot.Name}'"))}.";
        return string.Join(" ", of.Parts.Select(static part => part.Text).Prepend(own));
    }

    public static string FiguresOf(TroupeExplanation of)
    {
        var now = of.Snapshot;
        var own = $"  tasks of '{now.Name}': {Wording.Text(now.Accepted)} accepted = {Wording.Text(now.Waiting)} waiting"
            + $" + {Wording.Text(now.Running)} running + {Wording.Text(now.Succeeded)} succeeded + {Wording.Text(now.Faulted)} faulted"
            + $" + {Wording.Text(now.Canceled)} canceled";
        var parts = of.Parts.Select(static part =>
            $"  '{part.Snapshot.Name}':{Environment.NewLine}"
            + (part.Parts.Count == 0 ? ExplanationText.FiguresOf(part) : FiguresOf(part)));
        return string.Join(Environment.NewLine, parts.Prepend(own));
    }
}
