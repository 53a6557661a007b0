(** * Log-sum-exp and soft(arg)max

    The theorems of the third chapter, for any number K of scores.
    A vector is a family of real numbers of which the components 1, ..., K
    count; a statement about a vector speaks of these K places only. *)

From Coq Require Import Reals Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.

(** ** Vectors, sums and the two soft functions *)

Definition vector := nat -> R.

Definition place (K k : nat) : Prop := (1 <= k <= K)%nat.

(** The sum f 1 + ... + f K. *)
Fixpoint sum (K : nat) (f : vector) : R :=
  match K with
  | 0%nat => 0
  | S n => sum n f + f (S n)
  end.

(** The largest of z 1, ..., z K. *)
Fixpoint maximum (K : nat) (z : vector) : R :=
  match K with
  | 0%nat => z 1%nat
  | S n => Rmax (maximum n z) (z (S n))
  end.

Definition lse (K : nat) (z : vector) (lam : R) : R :=
  1 / lam * ln (sum K (fun j => exp (lam * z j))).

Definition softargmax (K : nat) (z : vector) (lam : R) : vector :=
  fun k => exp (lam * z k) / sum K (fun j => exp (lam * z j)).

(** A probability vector, and its entropy; a place with [q k = 0] contributes 0. *)
Definition probability (K : nat) (q : vector) : Prop :=
  (forall k, place K k -> 0 <= q k) /\ sum K q = 1.

Definition entropy (K : nat) (q : vector) : R :=
  - sum K (fun k => q k * ln (q k)).

(** The scalar product, the Euclidean norm, and a matrix times a vector. *)
Definition dot (K : nat) (u v : vector) : R := sum K (fun k => u k * v k).

Definition norm2 (K : nat) (v : vector) : R := sqrt (dot K v v).

Definition times (K : nat) (A : nat -> vector) (v : vector) : vector :=
  fun i => sum K (fun j => A i j * v j).

Definition delta (i j : nat) : R := if Nat.eqb i j then 1 else 0.

(** The matrix diag p - p p^T, and the Jacobian matrix of soft(arg)max. *)
Definition covariance (p : vector) (i j : nat) : R :=
  p i * delta i j - p i * p j.

Definition jacobian (K : nat) (z : vector) (lam : R) (i j : nat) : R :=
  lam * covariance (softargmax K z lam) i j.

(** The factors by which a matrix stretches vectors; their supremum is its
    spectral norm. *)
Definition stretch (K : nat) (A : nat -> vector) (r : R) : Prop :=
  exists v, norm2 K v = 1 /\ r = norm2 K (times K A v).

(** The function f of a vector is differentiable at z, with the gradient g. *)
Definition is_gradient (K : nat) (f : vector -> R) (z g : vector) : Prop :=
  forall eps, 0 < eps -> exists d, 0 < d /\
  forall y, let w := fun k => y k - z k in
  norm2 K w < d -> Rabs (f y - f z - dot K g w) <= eps * norm2 K w.

(** The vector z with x at the place k, and the partial derivative of a
    function of a vector. *)
Definition update (z : vector) (k : nat) (x : R) : vector :=
  fun j => if Nat.eqb j k then x else z j.

Definition partial (f : vector -> R) (k : nat) (z : vector) : R :=
  Derive (fun x => f (update z k x)) (z k).

(** ** Finite sums *)

Lemma place_S n k : place (S n) k -> place n k \/ k = S n.
Proof. unfold place; lia. Qed.

Lemma sum_ext K f g :
  (forall k, place K k -> f k = g k) -> sum K f = sum K g.
Proof.
  induction K as [|n IH]; intros H; simpl; [reflexivity|].
  rewrite IH, (H (S n)); [reflexivity| |].
  - unfold place; lia.
  - intros k Hk; apply H; unfold place in *; lia.
Qed.

Lemma sum_plus K f g : sum K (fun k => f k + g k) = sum K f + sum K g.
Proof. induction K as [|n IH]; simpl; [ring|rewrite IH; ring]. Qed.

Lemma sum_scal K c f : sum K (fun k => c * f k) = c * sum K f.
Proof. induction K as [|n IH]; simpl; [ring|rewrite IH; ring]. Qed.

Lemma sum_minus K f g : sum K (fun k => f k - g k) = sum K f - sum K g.
Proof. induction K as [|n IH]; simpl; [ring|rewrite IH; ring]. Qed.

Lemma sum_const K c : sum K (fun _ => c) = INR K * c.
Proof. induction K as [|n IH]; [simpl; ring|rewrite S_INR; simpl; rewrite IH; ring]. Qed.

Lemma sum_le K f g :
  (forall k, place K k -> f k <= g k) -> sum K f <= sum K g.
Proof.
  induction K as [|n IH]; intros H; simpl; [lra|].
  apply Rplus_le_compat.
  - apply IH; intros k Hk; apply H; unfold place in *; lia.
  - apply H; unfold place; lia.
Qed.

Lemma sum_nonneg K f : (forall k, place K k -> 0 <= f k) -> 0 <= sum K f.
Proof.
  intros H; replace 0 with (sum K (fun _ => 0)).
  - apply sum_le, H.
  - rewrite sum_const; ring.
Qed.

(** One term can be taken out of a sum. *)
Lemma sum_remove K f t : place K t ->
  sum K f = f t + sum K (fun k => if Nat.eqb k t then 0 else f k).
Proof.
  induction K as [|n IH]; intros Ht; [unfold place in Ht; lia|]; cbn [sum].
  destruct (place_S n t Ht) as [Hn | ->].
  - replace (Nat.eqb (S n) t) with false.
    + rewrite (IH Hn); ring.
    + symmetry; apply Nat.eqb_neq; unfold place in Hn; lia.
  - rewrite Nat.eqb_refl, (sum_ext n (fun k => if Nat.eqb k (S n) then 0 else f k) f);
      [ring|].
    intros k Hk; replace (Nat.eqb k (S n)) with false; [reflexivity|].
    symmetry; apply Nat.eqb_neq; unfold place in Hk; lia.
Qed.

Lemma term_le_sum K f t : (forall k, place K k -> 0 <= f k) ->
  place K t -> f t <= sum K f.
Proof.
  intros H Ht; rewrite (sum_remove K f t Ht).
  enough (0 <= sum K (fun k => if Nat.eqb k t then 0 else f k)) by lra.
  apply sum_nonneg; intros k Hk; destruct (Nat.eqb k t); [lra|auto].
Qed.

Lemma le_sum K f t a : (forall k, place K k -> 0 <= f k) ->
  place K t -> a = f t -> a <= sum K f.
Proof. intros H Ht ->; apply term_le_sum; assumption. Qed.

Lemma two_terms_le_sum K f s t : (forall k, place K k -> 0 <= f k) ->
  place K s -> place K t -> s <> t -> f s + f t <= sum K f.
Proof.
  intros H Hs Ht Hst; rewrite (sum_remove K f t Ht).
  enough (f s <= sum K (fun k => if Nat.eqb k t then 0 else f k)) by lra.
  replace (f s) with (if Nat.eqb s t then 0 else f s).
  - apply (term_le_sum K (fun k => if Nat.eqb k t then 0 else f k)); [|exact Hs].
    intros k Hk; destruct (Nat.eqb k t); [lra|auto].
  - apply Nat.eqb_neq in Hst; now rewrite Hst.
Qed.

Lemma sum_pos K f : (1 <= K)%nat ->
  (forall k, place K k -> 0 < f k) -> 0 < sum K f.
Proof.
  intros HK H; apply Rlt_le_trans with (f 1%nat).
  - apply H; unfold place; lia.
  - apply term_le_sum; [|unfold place; lia].
    intros k Hk; apply Rlt_le, H, Hk.
Qed.

(** Terms below others with the same sum are equal to them. *)
Lemma sum_le_eq K f g : (forall k, place K k -> f k <= g k) ->
  sum K f = sum K g -> forall k, place K k -> f k = g k.
Proof.
  intros H E k Hk.
  assert (D : g k - f k <= sum K (fun j => g j - f j)).
  { apply (term_le_sum K (fun j => g j - f j)); [|exact Hk].
    intros j Hj; specialize (H j Hj); lra. }
  rewrite sum_minus in D; specialize (H k Hk); lra.
Qed.

Lemma sum_zero K f : (forall k, place K k -> 0 <= f k) ->
  sum K f = 0 -> forall k, place K k -> f k = 0.
Proof.
  intros H E k Hk; pose proof (term_le_sum K f k H Hk); specialize (H k Hk); lra.
Qed.

Lemma sum_delta K f i : place K i -> sum K (fun j => delta i j * f j) = f i.
Proof.
  intros Hi; rewrite (sum_remove K _ i Hi), (sum_ext K _ (fun _ => 0)).
  - unfold delta; rewrite sum_const, Nat.eqb_refl; ring.
  - intros k _; unfold delta; rewrite (Nat.eqb_sym i k).
    destruct (Nat.eqb k i); ring.
Qed.

Lemma is_derive_sum K (f : R -> vector) (d : vector) x :
  (forall k, place K k -> is_derive (fun t => f t k) x (d k)) ->
  is_derive (fun t => sum K (f t)) x (sum K d).
Proof.
  induction K as [|n IH]; intros H; simpl.
  - apply (is_derive_const 0 x).
  - apply (is_derive_plus (fun t => sum n (f t)) (fun t => f t (S n))).
    + apply IH; intros k Hk; apply H; unfold place in *; lia.
    + apply H; unfold place; lia.
Qed.

(** ** The maximum *)

Lemma maximum_ge K z k : place K k -> z k <= maximum K z.
Proof.
  induction K as [|n IH]; intros Hk; [unfold place in Hk; lia|]; simpl.
  destruct (place_S n k Hk) as [Hn | ->].
  - apply Rle_trans with (maximum n z); [auto|apply Rmax_l].
  - apply Rmax_r.
Qed.

Lemma maximum_attained K z : (1 <= K)%nat ->
  exists t, place K t /\ z t = maximum K z.
Proof.
  induction K as [|[|n] IH]; intros HK; [lia| |].
  - exists 1%nat; split; [unfold place; lia|].
    simpl; now rewrite Rmax_left by lra.
  - destruct IH as [t [Ht E]]; [lia|].
    change (maximum (S (S n)) z) with (Rmax (maximum (S n) z) (z (S (S n)))).
    apply Rmax_case.
    + exists t; split; [unfold place in *; lia|exact E].
    + exists (S (S n)); split; [unfold place; lia|reflexivity].
Qed.

Lemma maximum_is K z t : place K t -> (forall k, place K k -> z k <= z t) ->
  maximum K z = z t.
Proof.
  intros Ht H; apply Rle_antisym; [|apply maximum_ge, Ht].
  destruct (maximum_attained K z) as [k [Hk <-]]; [unfold place in Ht; lia|auto].
Qed.

(** ** First properties *)

Lemma exp_sum_pos K z lam : (1 <= K)%nat ->
  0 < sum K (fun j => exp (lam * z j)).
Proof. intros HK; apply sum_pos; [exact HK|]; intros; apply exp_pos. Qed.

Lemma softargmax_pos K z lam k : (1 <= K)%nat -> 0 < softargmax K z lam k.
Proof.
  intros HK; apply Rdiv_lt_0_compat; [apply exp_pos|apply exp_sum_pos, HK].
Qed.

Lemma softargmax_sum K z lam : (1 <= K)%nat -> sum K (softargmax K z lam) = 1.
Proof.
  intros HK; pose proof (exp_sum_pos K z lam HK) as HS.
  unfold softargmax, Rdiv.
  rewrite (sum_ext K _ (fun k => / sum K (fun j => exp (lam * z j)) * exp (lam * z k))).
  - rewrite sum_scal; field; lra.
  - intros; ring.
Qed.

(** The components of soft(arg)max are positive and sum to 1. *)
(* Mutant, there may be no score: `(1 <= K)` becomes `(0 <= K)` *)
(* Mutant, they are below 1: `0 < softargmax K z lam k` becomes `softargmax K z lam k < 1` *)
Theorem softargmax_distribution K z lam : (1 <= K)%nat ->
  (forall k, place K k -> 0 < softargmax K z lam k) /\ sum K (softargmax K z lam) = 1.
Proof.
  intros HK; split; [intros; apply softargmax_pos, HK|apply softargmax_sum, HK].
Qed.

Lemma softargmax_probability K z lam : (1 <= K)%nat ->
  probability K (softargmax K z lam).
Proof.
  intros HK; split; [|apply softargmax_sum, HK].
  intros; apply Rlt_le, softargmax_pos, HK.
Qed.

Lemma exp_sum_ext K y z lam : (forall k, place K k -> y k = z k) ->
  sum K (fun j => exp (lam * y j)) = sum K (fun j => exp (lam * z j)).
Proof. intros H; apply sum_ext; intros k Hk; now rewrite H. Qed.

Lemma softargmax_ext K y z lam k : (forall j, place K j -> y j = z j) ->
  place K k -> softargmax K y lam k = softargmax K z lam k.
Proof.
  intros H Hk; unfold softargmax.
  now rewrite (H k Hk), (exp_sum_ext K y z lam H).
Qed.

Lemma exp_lse K z lam : (1 <= K)%nat -> 0 < lam ->
  exp (lam * lse K z lam) = sum K (fun j => exp (lam * z j)).
Proof.
  intros HK Hl; unfold lse.
  replace (lam * (1 / lam * _)) with (ln (sum K (fun j => exp (lam * z j))))
    by (field; lra).
  apply exp_ln, exp_sum_pos, HK.
Qed.

Lemma softargmax_exp K z lam k : (1 <= K)%nat -> 0 < lam ->
  softargmax K z lam k = exp (lam * (z k - lse K z lam)).
Proof.
  intros HK Hl; unfold softargmax.
  rewrite <- (exp_lse K z lam HK Hl), Rmult_minus_distr_l.
  unfold Rminus; now rewrite exp_plus, exp_Ropp.
Qed.

Lemma exp_lam_le lam a b : 0 < lam -> exp (lam * a) <= exp (lam * b) -> a <= b.
Proof.
  intros Hl H; destruct (Rle_or_lt a b) as [|C]; [assumption|].
  assert (exp (lam * b) < exp (lam * a)) by (apply exp_increasing; nra); lra.
Qed.

Lemma exp_lam_inj lam a b : 0 < lam -> exp (lam * a) = exp (lam * b) -> a = b.
Proof. intros Hl H; apply Rle_antisym; apply (exp_lam_le lam); lra. Qed.

(** The logarithm of a component is the score minus log-sum-exp, times
    lambda. *)
(* Mutant, the factor lambda is dropped: `lam * (z k - lse K z lam)` becomes `z k - lse K z lam` *)
(* Mutant, the wrong sign: `z k - lse K z lam` becomes `z k + lse K z lam` *)
Theorem log_softargmax K z lam k : (1 <= K)%nat -> 0 < lam ->
  ln (softargmax K z lam k) = lam * (z k - lse K z lam).
Proof.
  intros HK Hl; rewrite softargmax_exp by assumption; apply ln_exp.
Qed.

(** The logarithm of a quotient of components is the difference of their
    scores, times lambda. *)
(* Mutant, the quotient upside down: `lam * (z i - z j)` becomes `lam * (z j - z i)` *)
(* Mutant, the factor lambda is dropped: `lam * (z i - z j)` becomes `z i - z j` *)
Theorem log_ratio K z lam i j : (1 <= K)%nat -> 0 < lam ->
  ln (softargmax K z lam i / softargmax K z lam j) = lam * (z i - z j).
Proof.
  intros HK Hl; rewrite ln_div by (apply softargmax_pos, HK).
  rewrite !log_softargmax by assumption; ring.
Qed.

(** For two scores, soft(arg)max is the sigmoid 1 / (1 + exp (-x)) of lambda times
    their difference, and log-sum-exp of (x, 0) with lambda 1 is the softplus. *)
(* Mutant, the difference has the other sign: `lam * (z 1%nat - z 2%nat)` becomes `lam * (z 2%nat - z 1%nat)` *)
(* Mutant, lambda is dropped: `- (lam * (z 1%nat - z 2%nat))` becomes `- (z 1%nat - z 2%nat)` *)
Theorem two_scores z x lam : 0 < lam ->
  softargmax 2 z lam 1%nat = 1 / (1 + exp (- (lam * (z 1%nat - z 2%nat))))
  /\ lse 2 (update (fun _ => 0) 1 x) 1 = ln (exp x + 1).
Proof.
  intros Hl; split.
  - unfold softargmax; simpl.
    replace (- (lam * (z 1%nat - z 2%nat))) with (lam * z 2%nat - lam * z 1%nat) by ring.
    unfold Rminus; rewrite exp_plus, exp_Ropp.
    pose proof (exp_pos (lam * z 1%nat)); pose proof (exp_pos (lam * z 2%nat)).
    field; lra.
  - unfold lse, update; simpl.
    rewrite Rmult_0_r, exp_0, Rmult_1_l, Rplus_0_l; field.
Qed.

(** ** Shifting and stretching the scores *)

Lemma exp_sum_offset K z a lam :
  sum K (fun j => exp (lam * (z j + a)))
  = exp (lam * a) * sum K (fun j => exp (lam * z j)).
Proof.
  rewrite <- sum_scal; apply sum_ext; intros j _.
  rewrite <- exp_plus; f_equal; ring.
Qed.

(** A constant offset passes through log-sum-exp. *)
(* Mutant, the offset is divided by lambda: `lse K z lam + a` becomes `lse K z lam + a / lam` *)
(* Mutant, the offset gets lost: `lse K z lam + a` becomes `lse K z lam` *)
Theorem lse_offset K z a lam : (1 <= K)%nat -> 0 < lam ->
  lse K (fun k => z k + a) lam = lse K z lam + a.
Proof.
  intros HK Hl; unfold lse.
  rewrite exp_sum_offset, ln_mult, ln_exp.
  - field; lra.
  - apply exp_pos.
  - apply exp_sum_pos, HK.
Qed.

(** A constant offset leaves soft(arg)max alone. *)
(* Mutant, the offset is a factor: `z j + a` becomes `z j * a` *)
(* Mutant, the offset grows with the place: `z j + a` becomes `z j + INR j * a` *)
Theorem softargmax_offset K z a lam k : (1 <= K)%nat -> 0 < lam ->
  softargmax K (fun j => z j + a) lam k = softargmax K z lam k.
Proof.
  intros HK Hl; pose proof (exp_sum_pos K z lam HK) as HS.
  unfold softargmax; rewrite exp_sum_offset, Rmult_plus_distr_l, exp_plus.
  field; split; [lra|apply Rgt_not_eq, exp_pos].
Qed.

(** A positive factor of the scores can be moved into lambda, and then stands
    before log-sum-exp as well. *)
(* Mutant, the factor before log-sum-exp is dropped: `c * lse K z (c * lam)` becomes `lse K z (c * lam)` *)
(* Mutant, lambda remains what it was: `c * lse K z (c * lam)` becomes `c * lse K z lam` *)
Theorem lse_scale K z c lam : 0 < c -> 0 < lam ->
  lse K (fun k => c * z k) lam = c * lse K z (c * lam).
Proof.
  intros Hc Hl; unfold lse.
  rewrite (sum_ext K _ (fun j => exp (c * lam * z j))).
  - field; lra.
  - intros j _; f_equal; ring.
Qed.

(** For soft(arg)max, scaling the scores is a change of lambda. *)
(* Mutant, lambda is divided: `(c * lam)` becomes `(lam / c)` *)
(* Mutant, soft(arg)max does not notice the scale: `(c * lam)` becomes `lam` *)
Theorem softargmax_scale K z c lam k : 0 < c -> 0 < lam ->
  softargmax K (fun j => c * z j) lam k = softargmax K z (c * lam) k.
Proof.
  intros Hc Hl; unfold softargmax.
  replace (lam * (c * z k)) with (c * lam * z k) by ring.
  rewrite (sum_ext K _ (fun j => exp (c * lam * z j))); [reflexivity|].
  intros j _; f_equal; ring.
Qed.

(** Two vectors have the same soft(arg)max if and only if they differ by an
    offset. *)
(* Mutant, by a factor instead of an offset: `z k + a` becomes `a * z k` *)
(* Mutant, lambda may be 0: `0 < lam` becomes `0 <= lam` *)
Theorem softargmax_equal K y z lam : (1 <= K)%nat -> 0 < lam ->
  (forall k, place K k -> softargmax K y lam k = softargmax K z lam k)
  <-> (exists a, forall k, place K k -> y k = z k + a).
Proof.
  intros HK Hl; split.
  - intros H; exists (lse K y lam - lse K z lam); intros k Hk.
    specialize (H k Hk); rewrite !softargmax_exp in H by assumption.
    apply exp_lam_inj in H; lra.
  - intros [a Ha] k Hk; rewrite <- (softargmax_offset K z a lam k HK Hl).
    apply softargmax_ext; assumption.
Qed.

(** A factor, whatever its sign, does not change soft(arg)max if and only if
    it is 1 or all components are equal. *)
(* Mutant, the factor -1 is harmless too: `c = 1` becomes `c * c = 1` *)
(* Mutant, equal components are forgotten: `c = 1 \/ (forall i j, place K i -> place K j -> z i = z j)` becomes `c = 1` *)
Theorem softargmax_factor K z c lam : (1 <= K)%nat -> 0 < lam ->
  (forall k, place K k ->
     softargmax K (fun j => c * z j) lam k = softargmax K z lam k)
  <-> c = 1 \/ (forall i j, place K i -> place K j -> z i = z j).
Proof.
  intros HK Hl.
  rewrite (softargmax_equal K (fun j => c * z j) z lam HK Hl); split.
  - intros [a Ha]; destruct (Req_dec c 1) as [|Hc]; [now left|right].
    intros i j Hi Hj; apply Ha in Hi; apply Ha in Hj.
    apply (Rmult_eq_reg_l (c - 1)); lra.
  - intros [-> | H].
    + exists 0; intros; ring.
    + exists ((c - 1) * z 1%nat); intros k Hk.
      rewrite (H k 1%nat Hk); [ring|unfold place; lia].
Qed.

(** ** How close to the maximum? *)

Lemma exp_upper K m lam : (1 <= K)%nat -> 0 < lam ->
  exp (lam * (m + ln (INR K) / lam)) = INR K * exp (lam * m).
Proof.
  intros HK Hl.
  replace (lam * (m + ln (INR K) / lam)) with (ln (INR K) + lam * m)
    by (field; lra).
  rewrite exp_plus, exp_ln; [reflexivity|apply lt_0_INR; lia].
Qed.

Lemma exp_le_maximum K z lam k : 0 < lam -> place K k ->
  exp (lam * z k) <= exp (lam * maximum K z).
Proof.
  intros Hl Hk; pose proof (maximum_ge K z k Hk) as H.
  destruct (Rle_lt_or_eq_dec _ _ H) as [L | ->]; [|lra].
  apply Rlt_le, exp_increasing; nra.
Qed.

(** Log-sum-exp lies between the maximum and the maximum plus log K over
    lambda. *)
(* Mutant, a bound half as large: `ln (INR K) / lam` becomes `ln (INR K) / (2 * lam)` *)
(* Mutant, the lower bound is strict: `maximum K z <= lse` becomes `maximum K z < lse` *)
Theorem lse_bounds K z lam : (1 <= K)%nat -> 0 < lam ->
  maximum K z <= lse K z lam <= maximum K z + ln (INR K) / lam.
Proof.
  intros HK Hl; split; apply (exp_lam_le lam _ _ Hl); rewrite exp_lse by assumption.
  - destruct (maximum_attained K z HK) as [t [Ht <-]].
    apply (term_le_sum K (fun j => exp (lam * z j))); [|exact Ht].
    intros; apply Rlt_le, exp_pos.
  - rewrite exp_upper, <- sum_const by assumption.
    apply sum_le; intros k Hk; apply exp_le_maximum; assumption.
Qed.

(** The upper bound is attained if and only if all components are equal. *)
(* Mutant, if and only if K = 1: `forall i j, place K i -> place K j -> z i = z j` becomes `K = 1%nat` *)
Theorem lse_upper_equality K z lam : (1 <= K)%nat -> 0 < lam ->
  lse K z lam = maximum K z + ln (INR K) / lam
  <-> (forall i j, place K i -> place K j -> z i = z j).
Proof.
  intros HK Hl; split.
  - intros E.
    assert (H : forall k, place K k -> z k = maximum K z).
    { intros k Hk; apply (exp_lam_inj lam _ _ Hl).
      apply (sum_le_eq K (fun j => exp (lam * z j)) (fun _ => exp (lam * maximum K z)));
        [|rewrite sum_const, <- exp_upper, <- E, exp_lse by assumption; reflexivity|exact Hk].
      intros j Hj; apply exp_le_maximum; assumption. }
    intros i j Hi Hj; now rewrite (H i Hi), (H j Hj).
  - intros H; apply (exp_lam_inj lam _ _ Hl).
    rewrite exp_lse, exp_upper, <- sum_const by assumption.
    destruct (maximum_attained K z HK) as [t [Ht <-]].
    apply sum_ext; intros k Hk; now rewrite (H k t Hk Ht).
Qed.

(** The lower bound is attained if and only if K = 1. *)
(* Mutant, for two scores as well: `K = 1%nat` becomes `(K <= 2)%nat` *)
Theorem lse_lower_equality K z lam : (1 <= K)%nat -> 0 < lam ->
  maximum K z = lse K z lam <-> K = 1%nat.
Proof.
  intros HK Hl; split.
  - intros E; destruct (Nat.eq_dec K 1) as [|HK2]; [assumption|exfalso].
    destruct (maximum_attained K z HK) as [t [Ht Et]].
    set (s := if Nat.eqb t 1 then 2%nat else 1%nat).
    assert (Hs : place K s /\ s <> t).
    { unfold s, place in *; destruct (Nat.eqb_spec t 1); lia. }
    assert (H : exp (lam * z s) + exp (lam * z t) <= sum K (fun j => exp (lam * z j))).
    { apply (two_terms_le_sum K (fun j => exp (lam * z j))); try tauto.
      intros; apply Rlt_le, exp_pos. }
    rewrite <- exp_lse, <- E, <- Et in H by assumption.
    pose proof (exp_pos (lam * z s)); lra.
  - intros ->; unfold lse; simpl.
    rewrite Rmax_left, Rplus_0_l, ln_exp by lra; field; lra.
Qed.

(** As lambda grows, log-sum-exp tends to the maximum, uniformly in z. *)
(* Mutant, for every lambda: `L <= lam` becomes `0 < lam` *)
(* Mutant, from one lambda on there is no error at all: `Rabs (lse K z lam - maximum K z) <= eps` becomes `lse K z lam = maximum K z` *)
Theorem lse_limit_uniform K : (1 <= K)%nat ->
  forall eps, 0 < eps -> exists L, 0 < L /\
  forall lam, L <= lam -> forall z, Rabs (lse K z lam - maximum K z) <= eps.
Proof.
  intros HK eps He; exists (ln (INR K) / eps + 1).
  assert (Hln : 0 <= ln (INR K)).
  { rewrite <- ln_1; destruct (Nat.eq_dec K 1) as [-> | HK2]; [simpl; lra|].
    apply Rlt_le, ln_increasing; [lra|apply lt_1_INR; lia]. }
  assert (HL : 0 <= ln (INR K) / eps) by (apply Rdiv_le_0_compat; lra).
  split; [lra|]; intros lam Hlam z.
  destruct (lse_bounds K z lam HK ltac:(lra)) as [H1 H2].
  assert (ln (INR K) / lam <= eps).
  { apply Rle_div_l; [lra|]; rewrite Rmult_comm.
    apply Rle_div_l; lra. }
  apply Rabs_le; lra.
Qed.

(** The limit at a single z, in the sense of analysis. *)
(* Mutant, lambda tends to minus infinity: `p_infty` becomes `m_infty` *)
(* Mutant, the limit is the first score: `(maximum K z)` becomes `(z 1%nat)` *)
Theorem lse_limit K z : (1 <= K)%nat ->
  is_lim (fun lam => lse K z lam) p_infty (maximum K z).
Proof.
  intros HK; apply is_lim_spec; intros eps.
  destruct (lse_limit_uniform K HK (eps / 2)) as [L [_ H]].
  - pose proof (cond_pos eps); lra.
  - exists L; intros lam Hlam; specialize (H lam ltac:(lra) z).
    pose proof (cond_pos eps); lra.
Qed.

(** ** Slopes *)

Lemma dot_scal K c u v : dot K u (fun k => c * v k) = c * dot K u v.
Proof. unfold dot; rewrite <- sum_scal; apply sum_ext; intros; ring. Qed.

Lemma dot_sym K u v : dot K u v = dot K v u.
Proof. apply sum_ext; intros; ring. Qed.

Lemma dot_ext K u v w : (forall k, place K k -> v k = w k) ->
  dot K u v = dot K u w.
Proof. intros H; apply sum_ext; intros k Hk; now rewrite H. Qed.

Lemma dot_minus K u v w : dot K u (fun k => v k - w k) = dot K u v - dot K u w.
Proof. unfold dot; rewrite <- sum_minus; apply sum_ext; intros; ring. Qed.

(** The chain rule: along a curve of scores with the velocity w, log-sum-exp
    changes at the mean rate of w under soft(arg)max. *)
Lemma lse_along K (c : R -> vector) (w : vector) t lam :
  (1 <= K)%nat -> 0 < lam ->
  (forall k, place K k -> is_derive (fun s => c s k) t (w k)) ->
  is_derive (fun s => lse K (c s) lam) t (dot K (softargmax K (c t) lam) w).
Proof.
  intros HK Hl Hc; pose proof (exp_sum_pos K (c t) lam HK) as HS.
  set (S := fun s => sum K (fun j => exp (lam * c s j))).
  assert (HD : is_derive S t (sum K (fun j => lam * w j * exp (lam * c t j)))).
  { apply (is_derive_sum K (fun s j => exp (lam * c s j))); intros k Hk.
    apply (is_derive_comp exp (fun s => lam * c s k)); [apply is_derive_exp|].
    apply is_derive_scal, Hc, Hk. }
  replace (dot K _ w)
    with (1 / lam * (sum K (fun j => lam * w j * exp (lam * c t j)) * / S t)).
  - apply is_derive_scal.
    apply (is_derive_comp ln S); [apply is_derive_ln; exact HS|exact HD].
  - unfold dot, softargmax.
    rewrite (sum_ext K (fun k => _ / _ * w k)
      (fun j => / (lam * S t) * (lam * w j * exp (lam * c t j)))).
    + rewrite sum_scal; field; unfold S; lra.
    + intros k _; unfold S; field; lra.
Qed.

(** The derivative of log-sum-exp by its k-th component, the others being
    fixed, is the k-th component of soft(arg)max. *)
(* Mutant, the factor lambda remains: `(softargmax K z lam k)` becomes `(lam * softargmax K z lam k)` *)
(* Mutant, lambda may be 0: `0 < lam` becomes `0 <= lam` *)
Theorem lse_partial_derivative K z lam k : place K k -> 0 < lam ->
  is_derive (fun x => lse K (update z k x) lam) (z k) (softargmax K z lam k).
Proof.
  intros Hk Hl; assert (HK : (1 <= K)%nat) by (unfold place in Hk; lia).
  replace (softargmax K z lam k)
    with (dot K (softargmax K (update z k (z k)) lam) (delta k)).
  - apply lse_along; [assumption..|]; intros j _; unfold update, delta.
    rewrite (Nat.eqb_sym k j); destruct (Nat.eqb j k);
      [apply (is_derive_id (z k))|apply (is_derive_const (z j) (z k))].
  - rewrite dot_sym; unfold dot; rewrite sum_delta by exact Hk.
    apply softargmax_ext; [|exact Hk].
    intros j _; unfold update; destruct (Nat.eqb_spec j k); congruence.
Qed.

(** ** Curvature *)

Lemma covariance_times K p v i : place K i ->
  times K (covariance p) v i = p i * (v i - dot K p v).
Proof.
  intros Hi; unfold times, covariance.
  rewrite (sum_ext K _ (fun j => p i * (delta i j * v j) - p i * (p j * v j)))
    by (intros; ring).
  rewrite sum_minus, !sum_scal, sum_delta by exact Hi; unfold dot; ring.
Qed.

Lemma jacobian_times K z lam v i :
  times K (jacobian K z lam) v i
  = lam * times K (covariance (softargmax K z lam)) v i.
Proof.
  unfold times, jacobian; rewrite <- sum_scal; apply sum_ext; intros; ring.
Qed.

Lemma softargmax_along K (c : R -> vector) (w : vector) t lam i :
  place K i -> 0 < lam ->
  (forall k, place K k -> is_derive (fun s => c s k) t (w k)) ->
  is_derive (fun s => softargmax K (c s) lam i) t
    (times K (jacobian K (c t) lam) w i).
Proof.
  intros Hi Hl Hc; assert (HK : (1 <= K)%nat) by (unfold place in Hi; lia).
  apply (is_derive_ext (fun s => exp (lam * (c s i - lse K (c s) lam)))).
  - intros s; symmetry; apply softargmax_exp; assumption.
  - rewrite jacobian_times, covariance_times by exact Hi.
    rewrite (softargmax_exp K (c t) lam i) by assumption.
    replace (lam * (_ * _)) with
      (lam * (w i - dot K (softargmax K (c t) lam) w)
       * exp (lam * (c t i - lse K (c t) lam))) by ring.
    apply (is_derive_comp exp (fun s => lam * (c s i - lse K (c s) lam)));
      [apply is_derive_exp|].
    apply is_derive_scal.
    apply (is_derive_minus (fun s => c s i) (fun s => lse K (c s) lam));
      [apply Hc, Hi|apply lse_along; assumption].
Qed.

(** The entries of the Jacobian matrix: the derivative of the i-th component of
    soft(arg)max by the j-th score. *)
(* Mutant, the sign of the second term is wrong: `p i * delta i j - p i * p j` becomes `p i * delta i j + p i * p j` *)
(* Mutant, the factor lambda is dropped: `lam * (p i * delta i j - p i * p j)` becomes `p i * delta i j - p i * p j` *)
Theorem softargmax_partial_derivative K z lam i j :
  place K i -> place K j -> 0 < lam ->
  let p := softargmax K z lam in
  is_derive (fun x => softargmax K (update z j x) lam i) (z j)
    (lam * (p i * delta i j - p i * p j)).
Proof.
  intros Hi Hj Hl p; assert (HK : (1 <= K)%nat) by (unfold place in Hi; lia).
  replace (lam * _) with (times K (jacobian K (update z j (z j)) lam) (delta j) i).
  - apply softargmax_along; [assumption..|]; intros k _; unfold update, delta.
    rewrite (Nat.eqb_sym j k); destruct (Nat.eqb k j);
      [apply (is_derive_id (z j))|apply (is_derive_const (z k) (z j))].
  - rewrite jacobian_times, covariance_times, dot_sym by exact Hi.
    unfold dot; rewrite sum_delta by exact Hj; unfold p.
    assert (E : forall k, place K k ->
      softargmax K (update z j (z j)) lam k = softargmax K z lam k).
    { intros k Hk; apply softargmax_ext; [|exact Hk].
      intros l _; unfold update; destruct (Nat.eqb_spec l j); congruence. }
    rewrite !E by assumption; unfold delta; rewrite (Nat.eqb_sym j i); ring.
Qed.

(** The partial derivatives of log-sum-exp have partial derivatives themselves, which
    are the entries of the same matrix. *)
(* Mutant, the matrix is that of lambda 1: `jacobian K z lam i j` becomes `covariance (softargmax K z lam) i j` *)
(* Mutant, the first derivative only: `partial (fun y => lse K y lam) i (update z j x)` becomes `lse K (update z j x) lam` *)
Theorem lse_hessian K z lam i j : place K i -> place K j -> 0 < lam ->
  is_derive (fun x => partial (fun y => lse K y lam) i (update z j x)) (z j)
    (jacobian K z lam i j).
Proof.
  intros Hi Hj Hl.
  apply (is_derive_ext (fun x => softargmax K (update z j x) lam i)).
  - intros x; symmetry; apply is_derive_unique, lse_partial_derivative; assumption.
  - apply softargmax_partial_derivative; assumption.
Qed.

Lemma covariance_form K p u v :
  dot K u (times K (covariance p) v)
  = sum K (fun k => p k * u k * v k) - dot K p u * dot K p v.
Proof.
  unfold dot at 1.
  rewrite (sum_ext K _ (fun k => p k * u k * v k - dot K p v * (p k * u k))).
  - rewrite sum_minus, sum_scal; unfold dot; ring.
  - intros k Hk; rewrite covariance_times by exact Hk; ring.
Qed.

Lemma covariance_variance K p v : sum K p = 1 ->
  dot K v (times K (covariance p) v)
  = sum K (fun k => p k * (v k - dot K p v) ^ 2).
Proof.
  intros Hp; rewrite covariance_form; set (m := dot K p v).
  rewrite (sum_ext K (fun k => p k * (v k - m) ^ 2)
    (fun k => p k * v k * v k - (2 * m) * (p k * v k) + m ^ 2 * p k))
    by (intros; ring).
  rewrite sum_plus, sum_minus, !sum_scal, Hp.
  change (sum K (fun k => p k * v k)) with m; ring.
Qed.

Lemma jacobian_form K z lam u v :
  dot K u (times K (jacobian K z lam) v)
  = lam * dot K u (times K (covariance (softargmax K z lam)) v).
Proof.
  rewrite <- dot_scal; apply dot_ext; intros k _; apply jacobian_times.
Qed.

Lemma square_zero a x : 0 < a -> a * x ^ 2 = 0 -> x = 0.
Proof.
  intros Ha E; apply Rmult_integral in E; destruct E as [|E]; [lra|].
  apply Rsqr_0_uniq; unfold Rsqr; lra.
Qed.

(** The curvature in the direction v is lambda times the variance of the
    components of v under soft(arg)max; so it is not negative. *)
(* Mutant, the second moment instead of the variance: `v k - dot K p v` becomes `v k` *)
(* Mutant, the factor lambda is dropped: `= lam * sum K` becomes `= sum K` *)
(* Mutant, the curvature is positive: `0 <= dot` becomes `0 < dot` *)
Theorem hessian_variance K z lam v : (1 <= K)%nat -> 0 < lam ->
  let p := softargmax K z lam in
  dot K v (times K (jacobian K z lam) v) = lam * sum K (fun k => p k * (v k - dot K p v) ^ 2)
  /\ 0 <= dot K v (times K (jacobian K z lam) v).
Proof.
  intros HK Hl p; rewrite jacobian_form, covariance_variance
    by apply (softargmax_sum K z lam HK).
  split; [reflexivity|].
  apply Rmult_le_pos; [lra|]; apply sum_nonneg; intros k _.
  apply Rmult_le_pos; [apply Rlt_le, softargmax_pos, HK|apply pow2_ge_0].
Qed.

(** The curvature vanishes in the direction of (1, ..., 1) and in no other. *)
(* Mutant, only for v = 0: `v k = a` becomes `v k = 0 * a` *)
(* Mutant, in every direction with the sum 0: `exists a, forall k, place K k -> v k = a` becomes `sum K v = 0` *)
Theorem hessian_kernel K z lam v : (1 <= K)%nat -> 0 < lam ->
  dot K v (times K (jacobian K z lam) v) = 0
  <-> (exists a, forall k, place K k -> v k = a).
Proof.
  intros HK Hl; destruct (hessian_variance K z lam v HK Hl) as [-> _].
  set (m := dot K _ v); split.
  - intros E; exists m; intros k Hk.
    apply Rmult_integral in E; destruct E as [|E]; [lra|].
    apply (sum_zero K (fun k => softargmax K z lam k * (v k - m) ^ 2)) with (k := k) in E.
    + apply square_zero in E; [lra|apply softargmax_pos, HK].
    + intros j _; apply Rmult_le_pos; [apply Rlt_le, softargmax_pos, HK|apply pow2_ge_0].
    + exact Hk.
  - intros [a Ha]; assert (Hm : m = a).
    { unfold m; rewrite (dot_ext K _ v (fun _ => a * 1)), dot_scal
        by (intros k Hk; rewrite (Ha k Hk); ring).
      unfold dot; rewrite (sum_ext K _ (softargmax K z lam)) by (intros; ring).
      rewrite softargmax_sum by exact HK; ring. }
    rewrite (sum_ext K _ (fun _ => 0)), sum_const; [ring|].
    intros k Hk; rewrite Hm, (Ha k Hk); ring.
Qed.

(** ** How fast can soft(arg)max move? *)

(** What is missing from the variance of v to half of its square length is a
    sum of squares.  In particular it is not negative. *)
Lemma covariance_defect K p v : sum K p = 1 ->
  / 2 * dot K v v - dot K v (times K (covariance p) v)
  = 2 * sum K (fun i => (p i - / 2) ^ 2 * v i ^ 2)
    + / 2 * sum K (fun i => sum K (fun j =>
        if Nat.eqb j i then 0 else p i * p j * (v i + v j) ^ 2)).
Proof.
  intros Hp; rewrite covariance_form.
  set (m := dot K p v); set (M := sum K (fun k => p k * v k * v k)).
  set (B := sum K (fun k => p k * p k * v k * v k)).
  assert (E : forall i, place K i ->
    sum K (fun j => if Nat.eqb j i then 0 else p i * p j * (v i + v j) ^ 2)
    = p i * v i * v i + 2 * m * (p i * v i) + M * p i - 4 * (p i * p i * v i * v i)).
  { intros i Hi.
    pose proof (sum_remove K (fun j => p i * p j * (v i + v j) ^ 2) i Hi) as R.
    rewrite (sum_ext K _ (fun j => (p i * v i * v i) * p j
      + (2 * p i * v i) * (p j * v j) + p i * (p j * v j * v j))) in R
      by (intros; ring).
    rewrite !sum_plus, !sum_scal, Hp in R.
    change (sum K (fun k => p k * v k)) with m in R.
    change (sum K (fun k => p k * v k * v k)) with M in R.
    simpl in R |- *; lra. }
  rewrite (sum_ext K _ _ E), sum_minus, !sum_plus, !sum_scal, Hp.
  rewrite (sum_ext K (fun i => (p i - / 2) ^ 2 * v i ^ 2)
    (fun i => p i * p i * v i * v i - p i * v i * v i + / 4 * (v i * v i)))
    by (intros; field).
  rewrite sum_plus, sum_minus, sum_scal.
  change (sum K (fun k => p k * v k)) with m; fold M B; unfold dot; field.
Qed.

Lemma covariance_half K p v : probability K p ->
  dot K v (times K (covariance p) v) <= / 2 * dot K v v.
Proof.
  intros [Hp Hs]; pose proof (covariance_defect K p v Hs) as E.
  assert (0 <= sum K (fun i => (p i - / 2) ^ 2 * v i ^ 2)).
  { apply sum_nonneg; intros i _; apply Rmult_le_pos; apply pow2_ge_0. }
  assert (0 <= sum K (fun i => sum K (fun j =>
      if Nat.eqb j i then 0 else p i * p j * (v i + v j) ^ 2))).
  { apply sum_nonneg; intros i Hi; apply sum_nonneg; intros j Hj.
    destruct (Nat.eqb j i); [lra|].
    apply Rmult_le_pos; [apply Rmult_le_pos; auto|apply pow2_ge_0]. }
  lra.
Qed.

(** The image of v under diag p - p p^T is short beside the variance of v. *)
Lemma covariance_image K p v : probability K p ->
  let x := times K (covariance p) v in
  dot K x x <= / 2 * dot K v x.
Proof.
  intros Hp x; set (w := fun k => v k - 2 * x k).
  assert (Q : 0 <= dot K w (times K (covariance p) w)).
  { rewrite covariance_variance by apply Hp; apply sum_nonneg; intros k Hk.
    apply Rmult_le_pos; [now apply Hp|apply pow2_ge_0]. }
  pose proof (covariance_half K p x Hp) as H.
  pose proof (covariance_form K p v v) as Ev; fold x in Ev.
  pose proof (covariance_form K p x v) as Exv; fold x in Exv.
  rewrite covariance_form in Q, H.
  rewrite (sum_ext K (fun k => p k * w k * w k)
    (fun k => p k * v k * v k - 4 * (p k * x k * v k) + 4 * (p k * x k * x k)))
    in Q by (intros; unfold w; ring).
  rewrite sum_plus, sum_minus, !sum_scal in Q.
  replace (dot K p w) with (dot K p v - 2 * dot K p x) in Q
    by (unfold w; rewrite dot_minus, dot_scal; ring).
  nra.
Qed.

Lemma dot_nonneg K v : 0 <= dot K v v.
Proof. apply sum_nonneg; intros k _; nra. Qed.

Lemma dot_pos K v s : place K s -> v s <> 0 -> 0 < dot K v v.
Proof.
  intros Hs Vs; apply Rlt_le_trans with (v s * v s); [nra|].
  apply (term_le_sum K (fun k => v k * v k)); [intros; nra|exact Hs].
Qed.

Lemma norm2_nonneg K v : 0 <= norm2 K v.
Proof. apply sqrt_pos. Qed.

Lemma norm2_square K v : norm2 K v * norm2 K v = dot K v v.
Proof. apply sqrt_sqrt, dot_nonneg. Qed.

Lemma norm2_scal K c v : norm2 K (fun k => c * v k) = Rabs c * norm2 K v.
Proof.
  unfold norm2; rewrite dot_scal, dot_sym, dot_scal, <- Rmult_assoc.
  rewrite sqrt_mult_alt by nra; now rewrite <- sqrt_Rsqr_abs.
Qed.

Lemma norm2_ext K u v : (forall k, place K k -> u k = v k) ->
  norm2 K u = norm2 K v.
Proof.
  intros H; unfold norm2; f_equal; apply sum_ext; intros k Hk; now rewrite H.
Qed.

(** The matrix diag p - p p^T stretches no vector by more than 1/2. *)
(* Mutant, a smaller constant: `/ 2` becomes `49 / 100` *)
(* Mutant, the components need not be positive: `probability K p` becomes `sum K p = 1` *)
Theorem covariance_norm K p v : probability K p ->
  norm2 K (times K (covariance p) v) <= / 2 * norm2 K v.
Proof.
  intros Hp; pose proof (covariance_image K p v Hp) as H1; simpl in H1.
  pose proof (covariance_half K p v Hp) as H2.
  rewrite <- !norm2_square in H1; rewrite <- norm2_square in H2.
  pose proof (norm2_nonneg K v); nra.
Qed.

Lemma positive_lower_bound K f : (forall k, place K k -> 0 < f k) ->
  exists a, 0 < a /\ forall k, place K k -> a <= f k.
Proof.
  induction K as [|n IH]; intros H.
  - exists 1; split; [lra|]; intros k Hk; unfold place in Hk; lia.
  - destruct IH as [a [Ha Hf]].
    + intros k Hk; apply H; unfold place in *; lia.
    + exists (Rmin a (f (S n))); split.
      * apply Rmin_glb_lt; [exact Ha|apply H; unfold place; lia].
      * intros k Hk; destruct (place_S n k Hk) as [Hn | ->]; [|apply Rmin_r].
        apply Rle_trans with a; [apply Rmin_l|auto].
Qed.

(** Beside the largest of the probabilities all others are below 1/2, unless
    there are two of them and they are equal. *)
Lemma others_below_half K p s : (forall k, place K k -> 0 < p k) ->
  sum K p = 1 -> place K s -> p s = maximum K p ->
  ~ (K = 2%nat /\ p 1%nat = p 2%nat) ->
  forall j, place K j -> j <> s -> p j < / 2.
Proof.
  intros Hp Hs Ks Ms HK j Kj Hjs.
  pose proof (maximum_ge K p j Kj) as Hmax.
  assert (Hp' : forall k, place K k -> 0 <= p k) by (intros; apply Rlt_le; auto).
  pose proof (two_terms_le_sum K p j s Hp' Kj Ks Hjs) as H2.
  destruct (Rlt_or_le (p j) (/ 2)) as [|C]; [assumption|exfalso].
  assert (Third : forall i, place K i -> i = j \/ i = s).
  { intros i Ki; destruct (Nat.eq_dec i j) as [|Hij]; [now left|].
    destruct (Nat.eq_dec i s) as [|His]; [now right|exfalso].
    rewrite (sum_remove K p s Ks) in Hs.
    enough (p i + p j <= sum K (fun k => if Nat.eqb k s then 0 else p k))
      by (pose proof (Hp i Ki); lra).
    replace (p i) with (if Nat.eqb i s then 0 else p i)
      by (apply Nat.eqb_neq in His; now rewrite His).
    replace (p j) with (if Nat.eqb j s then 0 else p j)
      by (apply Nat.eqb_neq in Hjs; now rewrite Hjs).
    apply (two_terms_le_sum K (fun k => if Nat.eqb k s then 0 else p k));
      [|assumption..].
    intros k Kk; destruct (Nat.eqb k s); [lra|auto]. }
  apply HK.
  assert (HK2 : K = 2%nat).
  { assert (K <= 2)%nat; [|unfold place in *; lia].
    destruct (le_lt_dec K 2) as [|H3]; [assumption|exfalso].
    destruct (Third 1%nat), (Third 2%nat), (Third 3%nat); unfold place; lia. }
  split; [exact HK2|].
  assert (E : p j = p s) by lra; unfold place in *; subst K.
  assert ((j = 1 /\ s = 2) \/ (j = 2 /\ s = 1))%nat as [[-> ->] | [-> ->]] by lia;
    lra.
Qed.

(** Unless there are two equal probabilities, the variance stays away from half
    of the square length. *)
Lemma covariance_gap K p : (forall k, place K k -> 0 < p k) -> sum K p = 1 ->
  ~ (K = 2%nat /\ p 1%nat = p 2%nat) ->
  exists e, 0 < e /\
  forall v, dot K v (times K (covariance p) v) <= (/ 2 - e) * dot K v v.
Proof.
  intros Hp Hs HK.
  destruct K as [|[|n]]; [simpl in Hs; lra| |]; set (K := S _) in *.
  { exists (/ 2); split; [lra|]; intros v; rewrite covariance_form.
    unfold K, dot in *; simpl in *; rewrite Rplus_0_l in *; rewrite Hs; lra. }
  destruct (maximum_attained K p ltac:(unfold K; lia)) as [s [Ks Ms]].
  pose proof (others_below_half K p s Hp Hs Ks Ms HK) as Below.
  set (j := if Nat.eqb s 1 then 2%nat else 1%nat).
  assert (Kj : place K j /\ j <> s)
    by (unfold j, K, place in *; destruct (Nat.eqb_spec s 1); lia).
  destruct Kj as [Kj Hjs].
  destruct (positive_lower_bound K
    (fun k => if Nat.eqb k s then 1 else 2 * (p k - / 2) ^ 2)) as [a [Ha Hf]].
  { intros k Hk; destruct (Nat.eqb_spec k s) as [|Hks]; [lra|].
    pose proof (Below k Hk Hks); nra. }
  assert (Hb : 0 < p s * p j) by (apply Rmult_lt_0_compat; auto).
  exists (Rmin (a / 3) (p s * p j / 4)); split; [apply Rmin_glb_lt; lra|].
  intros v; set (e := Rmin _ _).
  assert (He : e <= a / 3 /\ e <= p s * p j / 4) by (split; [apply Rmin_l|apply Rmin_r]).
  assert (He0 : 0 < e) by (apply Rmin_glb_lt; lra).
  pose proof (covariance_defect K p v Hs) as D.
  set (T := sum K (fun k => if Nat.eqb k s then 0 else v k * v k)).
  assert (HT : dot K v v = v s * v s + T) by apply (sum_remove K (fun k => v k * v k) s Ks).
  assert (HTj : v j * v j <= T).
  { apply Nat.eqb_neq in Hjs.
    replace (v j * v j) with (if Nat.eqb j s then 0 else v j * v j) by now rewrite Hjs.
    apply (term_le_sum K (fun k => if Nat.eqb k s then 0 else v k * v k)); [|exact Kj].
    intros k _; destruct (Nat.eqb k s); nra. }
  assert (D1 : a * T <= 2 * sum K (fun i => (p i - / 2) ^ 2 * v i ^ 2)).
  { unfold T; rewrite <- !sum_scal; apply sum_le; intros k Hk.
    specialize (Hf k Hk); simpl in Hf; destruct (Nat.eqb k s);
      [pose proof (pow2_ge_0 ((p k - / 2) * v k)); nra|].
    pose proof (pow2_ge_0 (v k)); nra. }
  assert (D2 : p s * p j * (v s + v j) ^ 2 <= sum K (fun i => sum K (fun j =>
    if Nat.eqb j i then 0 else p i * p j * (v i + v j) ^ 2))).
  { assert (P : forall i k, place K i -> place K k ->
      0 <= (if Nat.eqb k i then 0 else p i * p k * (v i + v k) ^ 2)).
    { intros i k Hi Hk; destruct (Nat.eqb k i); [lra|].
      apply Rmult_le_pos; [apply Rmult_le_pos; apply Rlt_le; auto|apply pow2_ge_0]. }
    apply Rle_trans with
      (sum K (fun k => if Nat.eqb k s then 0 else p s * p k * (v s + v k) ^ 2)).
    - apply Nat.eqb_neq in Hjs.
      replace (p s * p j * (v s + v j) ^ 2)
        with (if Nat.eqb j s then 0 else p s * p j * (v s + v j) ^ 2)
        by now rewrite Hjs.
      apply (term_le_sum K (fun k => if Nat.eqb k s then 0
        else p s * p k * (v s + v k) ^ 2)); auto.
    - apply (term_le_sum K (fun i => sum K (fun k =>
        if Nat.eqb k i then 0 else p i * p k * (v i + v k) ^ 2))); [|exact Ks].
      intros i Hi; apply sum_nonneg; auto. }
  assert (e * (v s * v s) <= 2 * (e * (v s + v j) ^ 2) + 2 * (e * T)).
  { pose proof (pow2_ge_0 (v s + 2 * v j)); nra. }
  assert (e * T <= a / 3 * T) by (apply Rmult_le_compat_r; [nra|tauto]).
  assert (e * (v s + v j) ^ 2 <= p s * p j / 4 * (v s + v j) ^ 2)
    by (apply Rmult_le_compat_r; [apply pow2_ge_0|tauto]).
  rewrite Rmult_minus_distr_r, HT; rewrite HT in D; lra.
Qed.

Lemma jacobian_norm K z lam v : 0 < lam ->
  norm2 K (times K (jacobian K z lam) v)
  = lam * norm2 K (times K (covariance (softargmax K z lam)) v).
Proof.
  intros Hl; rewrite <- (Rabs_pos_eq lam) at 2 by lra; rewrite <- norm2_scal.
  apply norm2_ext; intros; apply jacobian_times.
Qed.

(** The Jacobian matrix stretches no vector by more than lambda / 2. *)
(* Mutant, a smaller constant: `lam / 2` becomes `lam / 3` *)
(* Mutant, the factor lambda is dropped: `lam / 2` becomes `/ 2` *)
Theorem jacobian_norm_bound K z lam v : (1 <= K)%nat -> 0 < lam ->
  norm2 K (times K (jacobian K z lam) v) <= lam / 2 * norm2 K v.
Proof.
  intros HK Hl; rewrite jacobian_norm by exact Hl.
  pose proof (covariance_norm K _ v (softargmax_probability K z lam HK)); nra.
Qed.

Lemma softargmax_tie z lam : 0 < lam ->
  softargmax 2 z lam 1%nat = softargmax 2 z lam 2%nat -> z 1%nat = z 2%nat.
Proof.
  intros Hl E; rewrite !softargmax_exp in E by (lia || lra).
  apply exp_lam_inj in E; lra.
Qed.

Lemma jacobian_norm_gap K z lam : (1 <= K)%nat -> 0 < lam ->
  ~ (K = 2%nat /\ z 1%nat = z 2%nat) ->
  exists r, r < lam / 2 /\
  forall v, norm2 K (times K (jacobian K z lam) v) <= r * norm2 K v.
Proof.
  intros HK Hl Hz; set (p := softargmax K z lam).
  destruct (covariance_gap K p) as [e [He H]].
  { intros; apply softargmax_pos, HK. }
  { apply softargmax_sum, HK. }
  { intros [-> E]; apply Hz; split; [reflexivity|].
    apply (softargmax_tie z lam Hl E). }
  exists (lam * sqrt (/ 4 - Rmin e (/ 4) / 2)); split.
  - apply Rmult_lt_compat_l; [exact Hl|].
    rewrite <- (sqrt_Rsqr (/ 2)) by lra; unfold Rsqr.
    pose proof (Rmin_glb_lt e (/ 4) 0 He ltac:(lra)); pose proof (Rmin_r e (/ 4)).
    apply sqrt_lt_1; lra.
  - intros v; rewrite jacobian_norm, Rmult_assoc by exact Hl.
    apply Rmult_le_compat_l; [lra|]; fold p.
    pose proof (covariance_image K p v (softargmax_probability K z lam HK)) as I.
    simpl in I; specialize (H v); pose proof (dot_nonneg K v).
    pose proof (Rmin_l e (/ 4)); pose proof (Rmin_r e (/ 4)).
    unfold norm2; rewrite <- sqrt_mult by lra; apply sqrt_le_1; [apply dot_nonneg|nra|nra].
Qed.

Lemma times_scal K A c v i : times K A (fun k => c * v k) i = c * times K A v i.
Proof. unfold times; rewrite <- sum_scal; apply sum_ext; intros; ring. Qed.

(** The direction (1, -1, 0, ..., 0). *)
Definition across : vector := fun k => delta 1 k - delta 2 k.

Lemma place_12 K : (2 <= K)%nat -> place K 1 /\ place K 2.
Proof. unfold place; lia. Qed.

Lemma dot_across K p : (2 <= K)%nat -> dot K p across = p 1%nat - p 2%nat.
Proof.
  intros HK; destruct (place_12 K HK); rewrite dot_sym; unfold dot, across.
  rewrite (sum_ext K _ (fun k => delta 1 k * p k - delta 2 k * p k)) by (intros; ring).
  rewrite sum_minus, !sum_delta by assumption; ring.
Qed.

(** Where the first two scores tie, that direction is stretched by lambda p_1. *)
Lemma stretch_across K z lam : (2 <= K)%nat -> 0 < lam -> z 1%nat = z 2%nat ->
  stretch K (jacobian K z lam) (lam * softargmax K z lam 1%nat).
Proof.
  intros HK Hl Hz; set (p := softargmax K z lam).
  assert (Hp : p 1%nat = p 2%nat) by (unfold p, softargmax; now rewrite Hz).
  assert (L : norm2 K across = sqrt 2).
  { unfold norm2; rewrite dot_across by exact HK; f_equal; unfold across, delta; simpl; ring. }
  pose proof (sqrt_lt_R0 2 ltac:(lra)).
  exists (fun k => / sqrt 2 * across k).
  assert (U : norm2 K (fun k => / sqrt 2 * across k) = 1).
  { rewrite norm2_scal, L, Rabs_pos_eq; [field; lra|].
    apply Rlt_le, Rinv_0_lt_compat; lra. }
  split; [exact U|].
  rewrite jacobian_norm by exact Hl; fold p; f_equal.
  rewrite (norm2_ext K _ (fun k => p 1%nat * (/ sqrt 2 * across k))).
  - rewrite norm2_scal, U, Rabs_pos_eq; [ring|apply Rlt_le, softargmax_pos; lia].
  - intros i Hi; rewrite times_scal, covariance_times, dot_across, Hp by assumption.
    unfold across, delta; destruct (Nat.eqb_spec 1 i) as [<- |];
      [simpl; rewrite Hp; ring|].
    destruct (Nat.eqb_spec 2 i) as [<- |]; ring.
Qed.

Lemma stretch_bound K z lam r : (1 <= K)%nat -> 0 < lam ->
  stretch K (jacobian K z lam) r -> r <= lam / 2.
Proof.
  intros HK Hl [v [U ->]]; pose proof (jacobian_norm_bound K z lam v HK Hl); nra.
Qed.

(** The spectral norm of the Jacobian matrix is lambda / 2 if and only if there
    are two scores and they are equal. *)
(* Mutant, for more than two scores as well: `K = 2%nat /\ z 1%nat = z 2%nat` becomes `z 1%nat = z 2%nat` *)
(* Mutant, for two scores always: `K = 2%nat /\ z 1%nat = z 2%nat` becomes `K = 2%nat` *)
Theorem jacobian_norm_equality K z lam : (2 <= K)%nat -> 0 < lam ->
  is_lub (stretch K (jacobian K z lam)) (lam / 2) <-> K = 2%nat /\ z 1%nat = z 2%nat.
Proof.
  intros HK Hl; split.
  - intros [_ Least].
    destruct (Nat.eq_dec K 2) as [E | NE]; [destruct (Req_dec (z 1%nat) (z 2%nat)) as [|N]|].
    + now split.
    + exfalso; destruct (jacobian_norm_gap K z lam) as [r [Hr Hv]]; [lia|lra|tauto|].
      enough (lam / 2 <= r) by lra; apply Least; intros x [v [U ->]].
      specialize (Hv v); rewrite U in Hv; lra.
    + exfalso; destruct (jacobian_norm_gap K z lam) as [r [Hr Hv]]; [lia|lra|tauto|].
      enough (lam / 2 <= r) by lra; apply Least; intros x [v [U ->]].
      specialize (Hv v); rewrite U in Hv; lra.
  - intros [-> Hz]; split.
    + intros r Hr; apply (stretch_bound 2 z lam r); [lia|lra|exact Hr].
    + intros b Hb; apply Hb.
      replace (lam / 2) with (lam * softargmax 2 z lam 1%nat).
      * apply stretch_across; [lia|lra|exact Hz].
      * unfold softargmax; simpl; rewrite <- Hz.
        pose proof (exp_pos (lam * z 1%nat)); field; lra.
Qed.

(** The scores (0, 0, -s, ..., -s). *)
Definition behind (s : R) : vector := fun k => if Nat.leb k 2 then 0 else - s.

Lemma softargmax_behind n s lam :
  softargmax (S (S n)) (behind s) lam 1%nat = / (2 + INR n * exp (- (lam * s))).
Proof.
  unfold softargmax, behind at 1; simpl Nat.leb; rewrite Rmult_0_r, exp_0.
  replace (sum (S (S n)) _) with (2 + INR n * exp (- (lam * s))); [unfold Rdiv; ring|].
  induction n as [|n IH].
  - unfold behind; simpl; rewrite Rmult_0_r, exp_0; ring.
  - rewrite S_INR; change (sum (S (S (S n))) ?f) with (sum (S (S n)) f + f (S (S (S n)))).
    rewrite <- IH; unfold behind; simpl.
    replace (lam * - s) with (- (lam * s)) by ring; ring.
Qed.

Lemma stretch_supremum K lam b : (2 <= K)%nat -> 0 < lam ->
  (forall z r, stretch K (jacobian K z lam) r -> r <= b) -> lam / 2 <= b.
Proof.
  intros HK Hl H; destruct (Rle_or_lt (lam / 2) b) as [|C]; [assumption|exfalso].
  destruct K as [|[|n]]; [lia..|].
  assert (Hs : forall s, lam * / (2 + INR n * exp (- (lam * s))) <= b).
  { intros s; rewrite <- softargmax_behind; apply (H (behind s)).
    apply stretch_across; [exact HK|exact Hl|reflexivity]. }
  pose proof (pos_INR n) as Hn.
  assert (Hb : 0 < b).
  { apply Rlt_le_trans with (2 := Hs 0); apply Rmult_lt_0_compat; [exact Hl|].
    apply Rinv_0_lt_compat; pose proof (exp_pos (- (lam * 0))); nra. }
  set (x := (lam - 2 * b) / (2 * b * (INR n + 1))).
  assert (Hx : 0 < x) by (apply Rdiv_lt_0_compat; nra).
  specialize (Hs (- ln x / lam)).
  replace (- (lam * (- ln x / lam))) with (ln x) in Hs by (field; lra).
  rewrite exp_ln in Hs by exact Hx.
  assert (Hm : lam <= b * (2 + INR n * x)).
  { apply Rle_div_l in Hs; [exact Hs|nra]. }
  assert (Ex : 2 * b * (INR n + 1) * x = lam - 2 * b) by (unfold x; field; nra).
  nra.
Qed.

(** For every K >= 2, lambda / 2 is the supremum of the norms over all z. *)
(* Mutant, one score is enough: `(2 <= K)` becomes `(1 <= K)` *)
(* Mutant, the supremum is lambda: `(lam / 2)` becomes `lam` *)
Theorem jacobian_norm_supremum K lam : (2 <= K)%nat -> 0 < lam ->
  is_lub (fun r => exists z, stretch K (jacobian K z lam) r) (lam / 2).
Proof.
  intros HK Hl; split.
  - intros r [z Hr]; apply (stretch_bound K z lam r); [lia|exact Hl|exact Hr].
  - intros b Hb; apply (stretch_supremum K lam b HK Hl).
    intros z r Hr; apply Hb; now exists z.
Qed.

Lemma cauchy_schwarz K u v : dot K u v <= norm2 K u * norm2 K v.
Proof.
  set (a := norm2 K u); set (b := norm2 K v).
  assert (Ha : 0 <= a) by apply norm2_nonneg.
  assert (Hb : 0 <= b) by apply norm2_nonneg.
  assert (Ea : a * a = dot K u u) by apply norm2_square.
  assert (Eb : b * b = dot K v v) by apply norm2_square.
  destruct (Req_dec (a * b) 0) as [Z | N].
  - enough (dot K u v = 0) by lra.
    unfold dot; rewrite (sum_ext K _ (fun _ => 0)); [rewrite sum_const; ring|].
    intros k Hk; apply Rmult_integral in Z; destruct Z as [Z | Z]; rewrite Z, Rmult_0_l in *.
    + pose proof (sum_zero K _ (fun j _ => Rle_0_sqr (u j)) (eq_sym Ea) k Hk) as E.
      apply Rsqr_0_uniq in E; rewrite E; ring.
    + pose proof (sum_zero K _ (fun j _ => Rle_0_sqr (v j)) (eq_sym Eb) k Hk) as E.
      apply Rsqr_0_uniq in E; rewrite E; ring.
  - pose proof (dot_nonneg K (fun k => b * u k - a * v k)) as H.
    rewrite dot_minus, !dot_scal, !(dot_sym K (fun k => _ - _)), !dot_minus, !dot_scal in H.
    rewrite (dot_sym K v u) in H; nra.
Qed.

(** The points of a straight line, and the components of soft(arg)max there. *)
Definition line (z w : vector) (t : R) : vector := fun k => z k + t * w k.

Lemma is_derive_line z w t k : is_derive (fun s => line z w s k) t (w k).
Proof. unfold line; auto_derive; [exact I|ring]. Qed.

Lemma softargmax_on_line K z w u t lam : (1 <= K)%nat -> 0 < lam ->
  is_derive (fun s => dot K u (softargmax K (line z w s) lam)) t
    (dot K u (times K (jacobian K (line z w t) lam) w)).
Proof.
  intros HK Hl; apply (is_derive_sum K
    (fun s k => u k * softargmax K (line z w s) lam k)); intros k Hk.
  apply is_derive_scal, softargmax_along; [exact Hk|exact Hl|].
  intros; apply is_derive_line.
Qed.

Lemma mean_value f df a b : a < b ->
  (forall t, a <= t <= b -> is_derive f t (df t)) ->
  exists c, f b - f a = df c * (b - a) /\ a < c < b.
Proof.
  intros Hab H; apply MVT_cor2; [exact Hab|].
  intros c Hc; apply is_derive_Reals, H, Hc.
Qed.

Lemma line_0 z w k : line z w 0 k = z k.
Proof. unfold line; ring. Qed.

Lemma line_1 y z k : line z (fun j => y j - z j) 1 k = y k.
Proof. unfold line; ring. Qed.

(** The values of soft(arg)max at two different points are closer to each other than
    lambda / 2 times the distance of the points. *)
(* Mutant, a smaller constant: `lam / 2` becomes `lam / 4` *)
(* Mutant, the points may be equal: `(exists k, place K k /\ y k <> z k)` becomes `(1 <= K)%nat` *)
Theorem softargmax_lipschitz K y z lam : 0 < lam ->
  (exists k, place K k /\ y k <> z k) ->
  norm2 K (fun k => softargmax K y lam k - softargmax K z lam k)
  < lam / 2 * norm2 K (fun k => y k - z k).
Proof.
  intros Hl [s [Hs Hyz]]; assert (HK : (1 <= K)%nat) by (unfold place in Hs; lia).
  set (w := fun k => y k - z k).
  set (u := fun k => softargmax K y lam k - softargmax K z lam k).
  assert (Hw : 0 < norm2 K w).
  { apply sqrt_lt_R0, (dot_pos K w s Hs); unfold w; lra. }
  destruct (Rle_lt_or_eq_dec _ _ (norm2_nonneg K u)) as [Hu | <-]; [|nra].
  set (phi := fun t => dot K u (softargmax K (line z w t) lam)).
  set (N := fun t => norm2 K (times K (jacobian K (line z w t) lam) w)).
  assert (Bound : forall t, N t <= lam / 2 * norm2 K w)
    by (intros; apply jacobian_norm_bound; assumption).
  (* The mean value theorem on both halves of the way gives two points. *)
  destruct (mean_value phi (fun t => dot K u (times K (jacobian K (line z w t) lam) w)) 0 (/ 2))
    as [c1 [E1 H1]]; [lra|intros; apply softargmax_on_line; assumption|].
  destruct (mean_value phi (fun t => dot K u (times K (jacobian K (line z w t) lam) w)) (/ 2) 1)
    as [c2 [E2 H2]]; [lra|intros; apply softargmax_on_line; assumption|].
  assert (E : norm2 K u * norm2 K u = phi 1 - phi 0).
  { rewrite norm2_square; unfold phi; rewrite <- dot_minus; apply dot_ext.
    intros k Hk; unfold u; f_equal; apply softargmax_ext; try exact Hk;
      intros; symmetry; [apply line_1|apply line_0]. }
  pose proof (cauchy_schwarz K u (times K (jacobian K (line z w c1) lam) w)) as C1.
  pose proof (cauchy_schwarz K u (times K (jacobian K (line z w c2) lam) w)) as C2.
  fold (N c1) in C1; fold (N c2) in C2; simpl in E1, E2.
  assert (Mean : norm2 K u <= (N c1 + N c2) / 2) by nra.
  (* At one of them at least the matrix stretches w by less than lambda / 2. *)
  enough (N c1 < lam / 2 * norm2 K w \/ N c2 < lam / 2 * norm2 K w)
    by (pose proof (Bound c1); pose proof (Bound c2); lra).
  assert (Strict : forall t, ~ (K = 2%nat /\ line z w t 1%nat = line z w t 2%nat) ->
    N t < lam / 2 * norm2 K w).
  { intros t Ht; destruct (jacobian_norm_gap K (line z w t) lam HK Hl Ht) as [r [Hr H]].
    apply Rle_lt_trans with (1 := H w); nra. }
  destruct (Nat.eq_dec K 2) as [HK2 | HK2]; [|left; apply Strict; tauto].
  destruct (Req_dec (line z w c1 1%nat) (line z w c1 2%nat)) as [L1|];
    [|left; apply Strict; tauto].
  destruct (Req_dec (line z w c2 1%nat) (line z w c2 2%nat)) as [L2|];
    [|right; apply Strict; tauto].
  left; assert (W : w 1%nat = w 2%nat) by (unfold line in *; nra).
  apply Rle_lt_trans with 0; [|nra]; apply Req_le.
  unfold N; rewrite (norm2_ext K _ (fun k => 0 * w k)).
  - rewrite norm2_scal, Rabs_R0; ring.
  - intros i Hi; rewrite jacobian_times, covariance_times by exact Hi.
    pose proof (softargmax_sum K (line z w c1) lam HK) as Sum; revert Sum.
    unfold dot; subst K; simpl; rewrite W; intros Sum.
    replace (w i) with (w 2%nat)
      by (destruct (place_S 1 i Hi) as [Hi1 | ->];
          [replace i with 1%nat by (unfold place in Hi1; lia); congruence|reflexivity]).
    replace (_ + _ * w 2%nat + _) with
      ((0 + softargmax 2 (line z w c1) lam 1%nat + softargmax 2 (line z w c1) lam 2%nat) * w 2%nat)
      by ring.
    rewrite Sum; ring.
Qed.

Lemma derivative_le f d C : is_derive f 0 d ->
  (forall h, 0 < h -> f h - f 0 <= C * h) -> d <= C.
Proof.
  intros D H; destruct (Rle_or_lt d C) as [|Hd]; [assumption|exfalso].
  apply is_derive_Reals in D; destruct (D (d - C)) as [[e He] Near]; [lra|]; simpl in Near.
  specialize (Near (e / 2)); rewrite Rplus_0_l, (Rabs_pos_eq (e / 2)) in Near by lra.
  specialize (Near ltac:(lra) ltac:(lra)); apply Rabs_def2 in Near.
  assert ((f (e / 2) - f 0) / (e / 2) <= C) by (apply Rle_div_l; [lra|apply H; lra]).
  lra.
Qed.

(** No constant smaller than lambda / 2 will do. *)
(* Mutant, one score is enough: `(2 <= K)` becomes `(1 <= K)` *)
(* Mutant, no constant smaller than lambda: `lam / 2 <= L` becomes `lam <= L` *)
Theorem lipschitz_constant_sharp K lam L : (2 <= K)%nat -> 0 < lam ->
  (forall y z, norm2 K (fun k => softargmax K y lam k - softargmax K z lam k)
               <= L * norm2 K (fun k => y k - z k)) ->
  lam / 2 <= L.
Proof.
  intros HK Hl H; apply (stretch_supremum K lam L HK Hl); intros z r [v [Hv ->]].
  assert (HK1 : (1 <= K)%nat) by lia.
  set (u := times K (jacobian K z lam) v).
  assert (Step : forall h, 0 < h ->
    norm2 K (fun k => softargmax K (line z v h) lam k - softargmax K z lam k) <= L * h).
  { intros h Hh; specialize (H (line z v h) z).
    rewrite (norm2_ext K (fun k => line z v h k - z k) (fun k => h * v k)),
      norm2_scal, Hv, Rabs_pos_eq in H by (intros; unfold line; lra || ring); lra. }
  assert (D : dot K u (times K (jacobian K (line z v 0) lam) v) <= norm2 K u * L).
  { apply (derivative_le (fun t => dot K u (softargmax K (line z v t) lam)));
      [apply softargmax_on_line; assumption|].
    intros h Hh; rewrite <- dot_minus.
    apply Rle_trans with (1 := cauchy_schwarz _ _ _).
    rewrite Rmult_assoc; apply Rmult_le_compat_l; [apply norm2_nonneg|].
    rewrite (norm2_ext K _ (fun k => softargmax K (line z v h) lam k - softargmax K z lam k));
      [apply Step, Hh|].
    intros k Hk; f_equal; apply softargmax_ext; [intros; apply line_0|exact Hk]. }
  replace (dot K u _) with (norm2 K u * norm2 K u) in D.
  - specialize (Step 1 Rlt_0_1); pose proof (norm2_nonneg K u).
    pose proof (norm2_nonneg K (fun k => softargmax K (line z v 1) lam k - softargmax K z lam k)).
    destruct (Req_dec (norm2 K u) 0); [lra|nra].
  - rewrite norm2_square; apply dot_ext; intros i Hi; unfold u.
    rewrite !jacobian_times, !covariance_times by exact Hi.
    rewrite (softargmax_ext K (line z v 0) z lam i) by (try apply Hi; intros; apply line_0).
    rewrite (dot_sym K (softargmax K (line z v 0) lam)), (dot_ext K v _ (softargmax K z lam));
      [now rewrite dot_sym|].
    intros k Hk; apply softargmax_ext; [intros; apply line_0|exact Hk].
Qed.

Lemma equal_or_not K (y z : vector) :
  (forall k, place K k -> y k = z k) \/ (exists k, place K k /\ y k <> z k).
Proof.
  induction K as [|n IH].
  - left; intros k Hk; unfold place in Hk; lia.
  - destruct IH as [IH | [k [Hk N]]].
    + destruct (Req_dec (y (S n)) (z (S n))) as [E | N].
      * left; intros k Hk; destruct (place_S n k Hk) as [| ->]; auto.
      * right; exists (S n); split; [unfold place; lia|exact N].
    + right; exists k; split; [unfold place in *; lia|exact N].
Qed.

Lemma softargmax_lipschitz_le K y z lam : (1 <= K)%nat -> 0 < lam ->
  norm2 K (fun k => softargmax K y lam k - softargmax K z lam k)
  <= lam / 2 * norm2 K (fun k => y k - z k).
Proof.
  intros HK Hl; destruct (equal_or_not K y z) as [E | N].
  - rewrite (norm2_ext K _ (fun _ => 0 * 0)), norm2_scal, Rabs_R0.
    + pose proof (norm2_nonneg K (fun k => y k - z k)); nra.
    + intros k Hk; rewrite (softargmax_ext K y z lam k E Hk); ring.
  - apply Rlt_le, softargmax_lipschitz; assumption.
Qed.

(** ** The gradient *)

(** Log-sum-exp is differentiable, and its gradient is soft(arg)max. *)
(* Mutant, the factor lambda remains: `(softargmax K z lam)` becomes `(fun k => lam * softargmax K z lam k)` *)
(* Mutant, the gradient of the maximum: `(softargmax K z lam)` becomes `(fun k => if Req_EM_T (z k) (maximum K z) then 1 else 0)` *)
Theorem lse_gradient K z lam : (1 <= K)%nat -> 0 < lam ->
  is_gradient K (fun y => lse K y lam) z (softargmax K z lam).
Proof.
  intros HK Hl eps He; exists (2 * eps / lam).
  split; [apply Rdiv_lt_0_compat; lra|]; intros y w Hw.
  destruct (mean_value (fun t => lse K (line z w t) lam)
    (fun t => dot K (softargmax K (line z w t) lam) w) 0 1) as [c [E Hc]]; [lra| |].
  { intros t _; apply lse_along; [exact HK|exact Hl|]; intros; apply is_derive_line. }
  replace (lse K (line z w 1) lam) with (lse K y lam) in E
    by (unfold lse; f_equal; f_equal; apply exp_sum_ext; intros; symmetry; apply line_1).
  replace (lse K (line z w 0) lam) with (lse K z lam) in E
    by (unfold lse; f_equal; f_equal; apply exp_sum_ext; intros; symmetry; apply line_0).
  rewrite E; set (p := softargmax K z lam); set (q := softargmax K (line z w c) lam).
  replace (dot K q w * (1 - 0) - dot K p w) with (dot K (fun k => q k - p k) w)
    by (rewrite dot_sym, dot_minus, !(dot_sym K w); ring).
  assert (B : norm2 K (fun k => q k - p k) <= eps).
  { apply Rle_trans with (1 := softargmax_lipschitz_le K (line z w c) z lam HK Hl).
    rewrite (norm2_ext K _ (fun k => c * w k)), norm2_scal, Rabs_pos_eq
      by (intros; unfold line; lra || ring).
    apply (Rmult_lt_compat_r lam) in Hw; [|exact Hl].
    replace (2 * eps / lam * lam) with (2 * eps) in Hw by (field; lra).
    pose proof (norm2_nonneg K w); nra. }
  pose proof (norm2_nonneg K w).
  pose proof (cauchy_schwarz K (fun k => q k - p k) w).
  pose proof (cauchy_schwarz K (fun k => q k - p k) (fun k => -1 * w k)) as C.
  rewrite norm2_scal, dot_scal, Rabs_left in C by lra.
  apply Rabs_le; nra.
Qed.

Lemma lse_le K y z lam : (1 <= K)%nat -> 0 < lam ->
  (forall k, place K k -> y k <= z k) -> lse K y lam <= lse K z lam.
Proof.
  intros HK Hl H; apply (exp_lam_le lam _ _ Hl); rewrite !exp_lse by assumption.
  apply sum_le; intros k Hk; specialize (H k Hk).
  destruct (Rle_lt_or_eq_dec _ _ H) as [L | ->]; [|lra].
  apply Rlt_le, exp_increasing; nra.
Qed.

(** Log-sum-exp never changes by more than the scores do. *)
(* Mutant, the smallest change instead of the largest: `maximum K (fun k => Rabs (y k - z k))` becomes `- maximum K (fun k => - Rabs (y k - z k))` *)
(* Mutant, by at most half of it: `<= maximum K` becomes `<= / 2 * maximum K` *)
Theorem lse_nonexpansive K y z lam : (1 <= K)%nat -> 0 < lam ->
  Rabs (lse K y lam - lse K z lam) <= maximum K (fun k => Rabs (y k - z k)).
Proof.
  intros HK Hl; set (d := maximum K _).
  assert (H : forall k, place K k -> Rabs (y k - z k) <= d)
    by apply (maximum_ge K (fun k => Rabs (y k - z k))).
  assert (lse K y lam <= lse K z lam + d).
  { rewrite <- lse_offset by assumption; apply lse_le; [assumption..|]; intros k Hk.
    specialize (H k Hk); apply Rabs_le_between in H; lra. }
  assert (lse K z lam <= lse K y lam + d).
  { rewrite <- lse_offset by assumption; apply lse_le; [assumption..|]; intros k Hk.
    specialize (H k Hk); apply Rabs_le_between in H; lra. }
  apply Rabs_le; lra.
Qed.

(** ** The variational form *)

Lemma gibbs_term p q : 0 < p -> 0 <= q ->
  q * (ln p - ln q) <= p - q /\ (q * (ln p - ln q) = p - q -> q = p).
Proof.
  intros Hp Hq; destruct (Req_dec q 0) as [-> | N]; [split; intros; lra|].
  assert (0 < p / q) by (apply Rdiv_lt_0_compat; lra).
  rewrite <- ln_div by lra; set (x := ln (p / q)).
  assert (E : p = q * exp x) by (unfold x; rewrite exp_ln by assumption; field; lra).
  destruct (Req_dec x 0) as [Z | NZ].
  - rewrite Z, exp_0 in E; rewrite Z; split; intros; lra.
  - pose proof (exp_ineq1 x NZ) as X; split; [nra|intros C; exfalso; nra].
Qed.

Lemma gibbs_sum K z lam q : (1 <= K)%nat -> 0 < lam -> sum K q = 1 ->
  lam * (dot K q z + 1 / lam * entropy K q - lse K z lam)
  = sum K (fun k => q k * (ln (softargmax K z lam k) - ln (q k))).
Proof.
  intros HK Hl Hq.
  rewrite (sum_ext K _ (fun k => lam * (q k * z k) - lam * lse K z lam * q k
    - q k * ln (q k))).
  - rewrite !sum_minus, !sum_scal, Hq; unfold entropy, dot; field; lra.
  - intros k _; rewrite log_softargmax by assumption; ring.
Qed.

(** Log-sum-exp is the maximum of the mean score plus the entropy over lambda,
    and soft(arg)max attains it. *)
(* Mutant, without the factor 1 / lambda: `dot K q z + 1 / lam * entropy K q` becomes `dot K q z + entropy K q` *)
(* Mutant, some components of q may be negative: `probability K q ->` becomes `sum K q = 1 ->` *)
Theorem lse_variational K z lam : (1 <= K)%nat -> 0 < lam ->
  (forall q, probability K q -> dot K q z + 1 / lam * entropy K q <= lse K z lam)
  /\ (let p := softargmax K z lam in
      probability K p /\ dot K p z + 1 / lam * entropy K p = lse K z lam).
Proof.
  intros HK Hl; split.
  - intros q [Hq Sq]; pose proof (gibbs_sum K z lam q HK Hl Sq) as E.
    assert (sum K (fun k => q k * (ln (softargmax K z lam k) - ln (q k)))
            <= sum K (fun k => softargmax K z lam k - q k)).
    { apply sum_le; intros k Hk; apply gibbs_term; [apply softargmax_pos, HK|auto]. }
    rewrite <- E, sum_minus, softargmax_sum, Sq in H by exact HK; nra.
  - intros p; split; [apply softargmax_probability, HK|].
    pose proof (gibbs_sum K z lam p HK Hl (softargmax_sum K z lam HK)) as E.
    rewrite (sum_ext K _ (fun _ => 0)), sum_const, Rmult_0_r in E
      by (intros; unfold p; ring).
    apply Rmult_integral in E; lra.
Qed.

(** The maximum is attained at soft(arg)max only. *)
(* Mutant, at every vector with the same mean score: `dot K q z + 1 / lam * entropy K q = lse K z lam` becomes `dot K q z = dot K (softargmax K z lam) z` *)
(* Mutant, it is the uniform distribution: `q k = softargmax K z lam k` becomes `q k = / INR K` *)
Theorem lse_variational_unique K z lam q : (1 <= K)%nat -> 0 < lam -> probability K q ->
  dot K q z + 1 / lam * entropy K q = lse K z lam ->
  forall k, place K k -> q k = softargmax K z lam k.
Proof.
  intros HK Hl [Hq Sq] E; pose proof (gibbs_sum K z lam q HK Hl Sq) as G.
  rewrite E, Rminus_eq_0, Rmult_0_r in G; intros k Hk.
  apply gibbs_term; [apply softargmax_pos, HK|auto|].
  apply (sum_le_eq K (fun k => q k * (ln (softargmax K z lam k) - ln (q k)))
    (fun k => softargmax K z lam k - q k)); [| |exact Hk].
  - intros j Hj; apply gibbs_term; [apply softargmax_pos, HK|auto].
  - rewrite sum_minus, softargmax_sum, Sq by exact HK; lra.
Qed.

(** ** Convexity *)

(** Log-sum-exp is convex: on a segment it does not exceed the mean of its values
    at the ends. *)
(* Mutant, it is concave: `<= t * lse K y lam + (1 - t) * lse K z lam` becomes `>= t * lse K y lam + (1 - t) * lse K z lam` *)
(* Mutant, beyond the ends as well: `0 <= t <= 1` becomes `0 <= t` *)
Theorem lse_convex K y z lam t : (1 <= K)%nat -> 0 < lam -> 0 <= t <= 1 ->
  lse K (fun k => t * y k + (1 - t) * z k) lam <= t * lse K y lam + (1 - t) * lse K z lam.
Proof.
  intros HK Hl Ht; set (x := fun k => t * y k + (1 - t) * z k).
  destruct (lse_variational K x lam HK Hl) as [_ [Hp Ex]].
  set (p := softargmax K x lam) in *.
  destruct (lse_variational K y lam HK Hl) as [Hy _]; specialize (Hy p Hp).
  destruct (lse_variational K z lam HK Hl) as [Hz _]; specialize (Hz p Hp).
  assert (E : dot K p x = t * dot K p y + (1 - t) * dot K p z).
  { unfold dot; rewrite <- !sum_scal, <- sum_plus; apply sum_ext.
    intros; unfold x; ring. }
  rewrite E in Ex; nra.
Qed.

(** Strictly between two points, the inequality of convexity is an equality if
    and only if the points differ by an offset, that is, on the lines parallel to
    (1, ..., 1) and on no others. *)
(* Mutant, only if the points are equal: `y k = z k + a` becomes `y k = z k + 0 * a` *)
(* Mutant, at the ends as well: `0 < t < 1` becomes `0 <= t <= 1` *)
Theorem lse_strictly_convex K y z lam t : (1 <= K)%nat -> 0 < lam -> 0 < t < 1 ->
  lse K (fun k => t * y k + (1 - t) * z k) lam = t * lse K y lam + (1 - t) * lse K z lam
  <-> (exists a, forall k, place K k -> y k = z k + a).
Proof.
  intros HK Hl Ht; set (x := fun k => t * y k + (1 - t) * z k).
  assert (Ext : forall u v, (forall k, place K k -> u k = v k) -> lse K u lam = lse K v lam).
  { intros u v H; unfold lse; now rewrite (exp_sum_ext K u v lam H). }
  split.
  - intros Eq; destruct (lse_variational K x lam HK Hl) as [_ [Hp Ex]].
    set (p := softargmax K x lam) in *.
    destruct (lse_variational K y lam HK Hl) as [Hy _]; specialize (Hy p Hp).
    destruct (lse_variational K z lam HK Hl) as [Hz _]; specialize (Hz p Hp).
    assert (E : dot K p x = t * dot K p y + (1 - t) * dot K p z).
    { unfold dot; rewrite <- !sum_scal, <- sum_plus; apply sum_ext.
      intros; unfold x; ring. }
    rewrite E in Ex.
    apply (softargmax_equal K y z lam HK Hl); intros k Hk.
    rewrite <- (lse_variational_unique K y lam p HK Hl Hp) by (nra || exact Hk).
    apply (lse_variational_unique K z lam p HK Hl Hp); [nra|exact Hk].
  - intros [a Ha].
    rewrite (Ext x (fun k => z k + t * a)), (Ext y (fun k => z k + a)).
    + rewrite !lse_offset by assumption; ring.
    + exact Ha.
    + intros k Hk; unfold x; rewrite (Ha k Hk); ring.
Qed.

(** ** Rates, and the limit of soft(arg)max *)

(** Whether a place is a maximiser (1 or 0), the number c of maximisers, the sum r over
    all other places, and the vector that is 1/c at the maximisers and 0 elsewhere. *)
Definition wins (K : nat) (z : vector) (k : nat) : R :=
  if Req_EM_T (z k) (maximum K z) then 1 else 0.

Definition winners (K : nat) (z : vector) : R := sum K (wins K z).

Definition rest (K : nat) (z : vector) (lam : R) : R :=
  sum K (fun k => if Req_EM_T (z k) (maximum K z) then 0 else exp (- (lam * (maximum K z - z k)))).

Definition uniform (K : nat) (z : vector) : vector :=
  fun k => if Req_EM_T (z k) (maximum K z) then 1 / winners K z else 0.

Lemma winners_range K z : (1 <= K)%nat -> 1 <= winners K z <= INR K.
Proof.
  intros HK; split; unfold winners, wins.
  - destruct (maximum_attained K z HK) as [t [Ht E]].
    apply le_sum with (t := t); [|exact Ht|destruct (Req_EM_T _ _); tauto].
    intros k _; destruct (Req_EM_T _ _); lra.
  - rewrite <- (Rmult_1_r (INR K)), <- sum_const; apply sum_le; intros k _.
    destruct (Req_EM_T _ _); lra.
Qed.

Lemma winners_unique K z t : place K t -> z t = maximum K z ->
  (forall j, place K j -> z j = maximum K z -> j = t) -> winners K z = 1.
Proof.
  intros Ht Et U; unfold winners, wins; rewrite (sum_remove K _ t Ht).
  rewrite (sum_ext K (fun k => if Nat.eqb k t then _ else _) (fun _ => 0)), sum_const.
  - destruct (Req_EM_T _ _); [ring|tauto].
  - intros j Hj; destruct (Nat.eqb_spec j t) as [|N]; [reflexivity|].
    destruct (Req_EM_T _ _); [destruct N; auto|reflexivity].
Qed.

Lemma rest_nonneg K z lam : 0 <= rest K z lam.
Proof.
  apply sum_nonneg; intros k _; destruct (Req_EM_T _ _); [lra|apply Rlt_le, exp_pos].
Qed.

(** The sum r is 0 if all scores are equal; otherwise it is positive, and it decays at
    least as fast as the gap g between the maximum and the other scores demands. *)
(* Mutant, one term beside the maximisers at most: `INR K - winners K z` becomes `1 - winners K z` *)
(* Mutant, twice as fast: `exp (- (lam * g))` becomes `exp (- (2 * lam * g))` *)
(* Mutant, positive always: `winners K z < INR K -> 0 <` becomes `winners K z <= INR K -> 0 <` *)
Theorem rest_bounds K z lam : (1 <= K)%nat -> 0 < lam ->
  (winners K z = INR K -> rest K z lam = 0)
  /\ (winners K z < INR K -> 0 < rest K z lam)
  /\ (forall g, (forall k, place K k -> z k <> maximum K z -> g <= maximum K z - z k) ->
      rest K z lam <= (INR K - winners K z) * exp (- (lam * g))).
Proof.
  intros HK Hl; destruct (equal_or_not K z (fun _ => maximum K z)) as [All | [s [Hs N]]].
  - assert (R : rest K z lam = 0).
    { unfold rest; rewrite (sum_ext K _ (fun _ => 0)), sum_const; [ring|].
      intros k Hk; destruct (Req_EM_T _ _) as [|N]; [reflexivity|destruct N; auto]. }
    assert (W : winners K z = INR K).
    { unfold winners, wins; rewrite (sum_ext K _ (fun _ => 1)), sum_const; [ring|].
      intros k Hk; destruct (Req_EM_T _ _) as [|N]; [reflexivity|destruct N; auto]. }
    rewrite R, W; split; [reflexivity|split; intros; lra].
  - assert (P : 0 < rest K z lam).
    { apply Rlt_le_trans with (exp (- (lam * (maximum K z - z s)))); [apply exp_pos|].
      apply le_sum with (t := s); [|exact Hs|destruct (Req_EM_T _ _); tauto].
      intros k _; destruct (Req_EM_T _ _); [lra|apply Rlt_le, exp_pos]. }
    assert (B : forall g, (forall k, place K k -> z k <> maximum K z ->
      g <= maximum K z - z k) -> rest K z lam <= (INR K - winners K z) * exp (- (lam * g))).
    { intros g Hg; unfold winners, wins; rewrite <- (Rmult_1_r (INR K)), <- sum_const, <- sum_minus.
      rewrite Rmult_comm, <- sum_scal; apply sum_le; intros k Hk.
      destruct (Req_EM_T _ _) as [|Nk]; [lra|]; specialize (Hg k Hk Nk).
      rewrite Rminus_0_r, Rmult_1_r; destruct (Rle_lt_or_eq_dec _ _ Hg) as [L | <-]; [|lra].
      apply Rlt_le, exp_increasing; nra. }
    split; [intros W|split; [intros _; exact P|exact B]].
    specialize (B 0); rewrite W in B.
    enough (rest K z lam <= (INR K - INR K) * exp (- (lam * 0))) by lra.
    apply B; intros k Hk _; pose proof (maximum_ge K z k Hk); lra.
Qed.

Lemma exp_factor K z lam k :
  exp (lam * z k) = exp (lam * maximum K z) * exp (- (lam * (maximum K z - z k))).
Proof. rewrite <- exp_plus; f_equal; ring. Qed.

Lemma exp_sum_split K z lam :
  sum K (fun j => exp (- (lam * (maximum K z - z j)))) = winners K z + rest K z lam.
Proof.
  unfold winners, wins, rest; rewrite <- sum_plus; apply sum_ext; intros k _.
  destruct (Req_EM_T _ _) as [-> |]; [|ring].
  rewrite Rminus_eq_0, Rmult_0_r, Ropp_0, exp_0; ring.
Qed.

Lemma softargmax_split K z lam k : (1 <= K)%nat ->
  softargmax K z lam k
  = exp (- (lam * (maximum K z - z k))) / sum K (fun j => exp (- (lam * (maximum K z - z j)))).
Proof.
  intros HK; unfold softargmax; rewrite (exp_factor K z lam k).
  rewrite (sum_ext K _ (fun j => exp (lam * maximum K z) * exp (- (lam * (maximum K z - z j)))))
    by (intros; apply exp_factor).
  rewrite sum_scal, exp_sum_split.
  pose proof (exp_pos (lam * maximum K z)).
  pose proof (winners_range K z HK); pose proof (rest_nonneg K z lam); field; lra.
Qed.

(** Log-sum-exp and soft(arg)max in terms of c and r. *)
(* Mutant, the maximisers count once: `ln (winners K z) / lam` becomes `0` *)
(* Mutant, without the share of the rest: `(z k = maximum K z -> softargmax K z lam k = 1 / (winners K z + rest K z lam))` becomes `(z k = maximum K z -> softargmax K z lam k = 1 / winners K z)` *)
Theorem softargmax_refined K z lam : (1 <= K)%nat -> 0 < lam ->
  lse K z lam = maximum K z + ln (winners K z) / lam
    + 1 / lam * ln (1 + rest K z lam / winners K z)
  /\ forall k, place K k ->
     (z k = maximum K z -> softargmax K z lam k = 1 / (winners K z + rest K z lam))
     /\ (z k <> maximum K z -> softargmax K z lam k
          = exp (- (lam * (maximum K z - z k))) / (winners K z + rest K z lam)).
Proof.
  intros HK Hl; pose proof (winners_range K z HK); pose proof (rest_nonneg K z lam).
  split.
  - apply (exp_lam_inj lam _ _ Hl); rewrite exp_lse by assumption.
    rewrite (sum_ext K _ (fun j => exp (lam * maximum K z) * exp (- (lam * (maximum K z - z j)))))
      by (intros; apply exp_factor).
    rewrite sum_scal, exp_sum_split.
    replace (winners K z + rest K z lam)
      with (winners K z * (1 + rest K z lam / winners K z)) by (field; lra).
    replace (lam * (_ + _)) with (lam * maximum K z
      + (ln (winners K z) + ln (1 + rest K z lam / winners K z))) by (field; lra).
    rewrite !exp_plus, !exp_ln; [reflexivity| |lra].
    enough (0 <= rest K z lam / winners K z) by lra; apply Rdiv_le_0_compat; lra.
  - intros k Hk; rewrite softargmax_split, exp_sum_split by exact HK.
    split; [intros E|reflexivity].
    now rewrite E, Rminus_eq_0, Rmult_0_r, Ropp_0, exp_0.
Qed.

(** How fast soft(arg)max tends to 1/c at the c maximisers and to 0 elsewhere, and
    log-sum-exp to the maximum and the share of the ties. *)
(* Mutant, the error at a maximiser is at most r / (2 c^2): `rest K z lam / winners K z ^ 2` becomes `rest K z lam / (2 * winners K z ^ 2)` *)
(* Mutant, a maximiser gets 1: `1 / winners K z - softargmax` becomes `1 - softargmax` *)
(* Mutant, log-sum-exp tends to the maximum as fast: `lse K z lam - maximum K z - ln (winners K z) / lam` becomes `lse K z lam - maximum K z` *)
Theorem softargmax_rates K z lam : (1 <= K)%nat -> 0 < lam ->
  (forall k, place K k -> z k = maximum K z ->
     0 <= 1 / winners K z - softargmax K z lam k <= rest K z lam / winners K z ^ 2)
  /\ (forall k, place K k -> z k <> maximum K z ->
     0 < softargmax K z lam k <= exp (- (lam * (maximum K z - z k))) / winners K z)
  /\ 0 <= lse K z lam - maximum K z - ln (winners K z) / lam
       <= rest K z lam / (winners K z * lam).
Proof.
  intros HK Hl; destruct (softargmax_refined K z lam HK Hl) as [E S].
  pose proof (winners_range K z HK) as Hc; pose proof (rest_nonneg K z lam) as Hr.
  set (c := winners K z) in *; set (r := rest K z lam) in *.
  assert (Hrc : 0 <= r / c) by (apply Rdiv_le_0_compat; lra).
  split; [|split].
  - intros k Hk Hz; destruct (S k Hk) as [-> _]; [|exact Hz].
    replace (1 / c - 1 / (c + r)) with (r / (c * (c + r))) by (field; lra).
    split; [apply Rdiv_le_0_compat; nra|].
    apply Rmult_le_compat_l; [exact Hr|]; apply Rinv_le_contravar; nra.
  - intros k Hk Hz; split; [apply softargmax_pos, HK|].
    destruct (S k Hk) as [_ ->]; [|exact Hz].
    apply Rmult_le_compat_l; [apply Rlt_le, exp_pos|].
    apply Rinv_le_contravar; lra.
  - replace (lse K z lam - maximum K z - ln c / lam) with (1 / lam * ln (1 + r / c)) by lra.
    assert (0 <= ln (1 + r / c)).
    { rewrite <- ln_1; apply ln_le; lra. }
    assert (ln (1 + r / c) <= r / c).
    { apply (exp_lam_le 1); [lra|]; rewrite !Rmult_1_l, exp_ln by lra.
      destruct (Req_dec (r / c) 0) as [-> | N]; [rewrite exp_0; lra|].
      apply Rlt_le, exp_ineq1, N. }
    replace (r / (c * lam)) with (1 / lam * (r / c)) by (field; lra).
    assert (0 < 1 / lam) by (apply Rdiv_lt_0_compat; lra).
    split; [apply Rmult_le_pos; lra|apply Rmult_le_compat_l; lra].
Qed.

Lemma is_lim_sum K (f : R -> vector) (l : vector) x :
  (forall k, place K k -> is_lim (fun t => f t k) x (l k)) ->
  is_lim (fun t => sum K (f t)) x (sum K l).
Proof.
  induction K as [|n IH]; intros H; simpl; [apply is_lim_const|].
  apply (is_lim_plus' (fun t => sum n (f t)) (fun t => f t (S n))).
  - apply IH; intros k Hk; apply H; unfold place in *; lia.
  - apply H; unfold place; lia.
Qed.

Lemma is_lim_exp_gap K z k : place K k ->
  is_lim (fun lam => exp (- (lam * (maximum K z - z k)))) p_infty
    (wins K z k).
Proof.
  intros Hk; unfold wins; destruct (Req_EM_T _ _) as [E | N].
  - apply (is_lim_ext (fun _ => 1)); [|apply is_lim_const].
    intros; rewrite E, Rminus_eq_0, Rmult_0_r, Ropp_0, exp_0; reflexivity.
  - assert (Hd : 0 < maximum K z - z k)
      by (pose proof (maximum_ge K z k Hk); lra).
    apply is_lim_spec; intros [e He]; exists (- ln e / (maximum K z - z k)); intros lam H.
    apply Rlt_div_l in H; [|exact Hd]; simpl.
    rewrite Rminus_0_r, Rabs_pos_eq by apply Rlt_le, exp_pos.
    rewrite <- (exp_ln e He); apply exp_increasing; lra.
Qed.

(** As lambda grows, soft(arg)max tends to the uniform distribution over the
    maximisers. *)
(* Mutant, every maximiser gets 1: `(uniform K z k)` becomes `(wins K z k)` *)
(* Mutant, as lambda tends to minus infinity: `p_infty` becomes `m_infty` *)
Theorem softargmax_limit K z k : place K k ->
  is_lim (fun lam => softargmax K z lam k) p_infty (uniform K z k).
Proof.
  intros Hk; assert (HK : (1 <= K)%nat) by (unfold place in Hk; lia).
  pose proof (winners_range K z HK) as Hc.
  apply (is_lim_ext (fun lam => exp (- (lam * (maximum K z - z k)))
    / sum K (fun j => exp (- (lam * (maximum K z - z j)))))).
  - intros; symmetry; apply softargmax_split, HK.
  - replace (Finite (uniform K z k)) with
      (Rbar_div (wins K z k) (winners K z)).
    + apply is_lim_div.
      * apply is_lim_exp_gap, Hk.
      * apply (is_lim_sum K (fun lam j => exp (- (lam * (maximum K z - z j))))).
        intros; apply is_lim_exp_gap; assumption.
      * intros E; injection E; lra.
      * exact I.
    + unfold uniform, wins; destruct (Req_EM_T _ _); simpl; f_equal; unfold Rdiv; ring.
Qed.

(** The last place of the largest score, and the one-hot arg max. *)
Fixpoint last_argmax (K : nat) (z : vector) : nat :=
  match K with
  | 0%nat => 1%nat
  | S n => if Rle_dec (maximum n z) (z (S n)) then S n else last_argmax n z
  end.

Definition onehot (K : nat) (z : vector) : vector := delta (last_argmax K z).

Lemma last_argmax_maximises K z : (1 <= K)%nat ->
  place K (last_argmax K z) /\ z (last_argmax K z) = maximum K z.
Proof.
  induction K as [|n IH]; intros HK; [lia|]; simpl.
  destruct (Rle_dec (maximum n z) (z (S n))) as [L | N].
  - rewrite Rmax_right by exact L; split; [unfold place; lia|reflexivity].
  - rewrite Rmax_left by lra; destruct n as [|n]; [simpl in N; lra|].
    destruct IH as [P E]; [lia|]; split; [unfold place in *; lia|exact E].
Qed.

(** Soft(arg)max tends to the one-hot arg max if and only if the maximiser is
    unique. *)
(* Mutant, always: `z i = maximum K z -> z j = maximum K z -> i = j` becomes `True` *)
(* Mutant, if and only if all scores differ: `z i = maximum K z -> z j = maximum K z -> i = j` becomes `z i = z j -> i = j` *)
Theorem onehot_limit K z : (1 <= K)%nat ->
  (forall k, place K k -> is_lim (fun lam => softargmax K z lam k) p_infty (onehot K z k))
  <-> (forall i j, place K i -> place K j -> z i = maximum K z -> z j = maximum K z -> i = j).
Proof.
  intros HK; destruct (last_argmax_maximises K z HK) as [Ht Et].
  set (t := last_argmax K z) in *; pose proof (winners_range K z HK) as Hc; split.
  - intros H i j Hi Hj Ei Ej; destruct (Nat.eq_dec i j) as [|N]; [assumption|exfalso].
    assert (W : uniform K z t = onehot K z t).
    { enough (Finite (uniform K z t) = Finite (onehot K z t)) as E by now injection E.
      rewrite <- (is_lim_unique _ _ _ (softargmax_limit K z t Ht)).
      apply is_lim_unique, H, Ht. }
    unfold uniform, onehot, delta in W; fold t in W; rewrite Nat.eqb_refl in W.
    destruct (Req_EM_T (z t) (maximum K z)); [|tauto].
    assert (winners K z = 1) by (apply (Rmult_eq_reg_l (1 / winners K z)); [|lra];
      field_simplify; lra).
    assert (T : 1 + 1 <= winners K z); [|lra].
    replace (1 + 1) with (wins K z i + wins K z j)
      by (unfold wins; rewrite Ei, Ej; destruct (Req_EM_T _ _); tauto).
    apply two_terms_le_sum; try assumption.
    intros k _; unfold wins; destruct (Req_EM_T _ _); lra.
  - intros U k Hk; replace (onehot K z k) with (uniform K z k);
      [apply softargmax_limit, Hk|].
    assert (W : winners K z = 1) by (apply (winners_unique K z t Ht Et); auto).
    unfold uniform, onehot, delta; fold t; rewrite W.
    destruct (Nat.eqb_spec t k) as [<- | N]; destruct (Req_EM_T _ _); try tauto; [field|].
    destruct N; auto.
Qed.

(** That convergence is not uniform in z: at every lambda there are scores at which
    soft(arg)max is far from its limit. *)
(* Mutant, for one score as well: `(2 <= K)` becomes `(1 <= K)` *)
(* Mutant, far from it by more than 1: `1 / 4 <` becomes `1 <` *)
Theorem softargmax_not_uniform K lam : (2 <= K)%nat -> 0 < lam ->
  exists z k, place K k /\ 1 / 4 < Rabs (softargmax K z lam k - uniform K z k).
Proof.
  intros HK Hl; destruct K as [|[|n]]; [lia..|]; set (K := S (S n)) in *.
  (* The first score leads by (log 2) / lambda. *)
  set (z := update (fun _ => - (ln 2 / lam)) 1 0).
  assert (L2 : 0 < ln 2 / lam).
  { apply Rdiv_lt_0_compat; [rewrite <- ln_1; apply ln_increasing|]; lra. }
  assert (H1 : place K 1) by (unfold place, K; lia).
  assert (Z1 : z 1%nat = 0) by reflexivity.
  assert (Z : forall k, k <> 1%nat -> z k = - (ln 2 / lam)).
  { intros k N; unfold z, update; apply Nat.eqb_neq in N; now rewrite N. }
  assert (M : maximum K z = z 1%nat).
  { apply maximum_is; [exact H1|]; intros k _.
    destruct (Nat.eq_dec k 1) as [-> | N]; [lra|rewrite (Z k N); lra]. }
  assert (W : winners K z = 1).
  { apply (winners_unique K z 1 H1 (eq_sym M)); intros j _ E.
    destruct (Nat.eq_dec j 1) as [|N]; [assumption|rewrite (Z j N) in E; lra]. }
  assert (S : 3 / 2 <= sum K (fun j => exp (lam * z j))).
  { replace (3 / 2) with (exp (lam * z 1%nat) + exp (lam * z 2%nat)).
    - apply (two_terms_le_sum K (fun j => exp (lam * z j))); try assumption; try lia.
      + intros; apply Rlt_le, exp_pos.
      + unfold place, K; lia.
    - rewrite (Z 2%nat), Z1, Rmult_0_r, exp_0 by lia.
      replace (lam * - (ln 2 / lam)) with (- ln 2) by (field; lra).
      rewrite exp_Ropp, exp_ln; lra. }
  exists z, 1%nat; split; [exact H1|].
  unfold uniform; rewrite W; destruct (Req_EM_T _ _) as [_ | N]; [|destruct N; auto].
  unfold softargmax; rewrite Z1, Rmult_0_r, exp_0.
  set (s := sum K _) in *; assert (1 / s <= 2 / 3).
  { apply Rle_div_l; [lra|]; lra. }
  rewrite Rabs_left; lra.
Qed.

(** ** From cold to hot *)

(** The slope of log-sum-exp in lambda is minus the entropy over lambda squared. *)
(* Mutant, divided by lambda only: `lam ^ 2` becomes `lam` *)
(* Mutant, the wrong sign: `- entropy` becomes `entropy` *)
Theorem lse_derivative_in_lambda K z lam : (1 <= K)%nat -> 0 < lam ->
  is_derive (fun l => lse K z l) lam (- entropy K (softargmax K z lam) / lam ^ 2).
Proof.
  intros HK Hl; set (p := softargmax K z lam).
  set (S := fun l => sum K (fun j => exp (l * z j))).
  assert (HS : 0 < S lam) by apply (exp_sum_pos K z lam HK).
  assert (D : is_derive S lam (sum K (fun j => z j * exp (lam * z j)))).
  { apply (is_derive_sum K (fun l j => exp (l * z j))); intros k _.
    auto_derive; [exact I|ring]. }
  destruct (lse_variational K z lam HK Hl) as [_ [_ E]]; fold p in E.
  assert (M : sum K (fun j => z j * exp (lam * z j)) = dot K p z * S lam).
  { rewrite Rmult_comm; unfold dot; rewrite <- sum_scal; apply sum_ext; intros k _.
    unfold p, softargmax; fold (S lam); field; lra. }
  assert (L : lse K z lam = 1 / lam * ln (S lam)) by reflexivity.
  replace (- entropy K p / lam ^ 2) with (- / lam ^ 2 * ln (S lam) + 1 / lam * dot K p z).
  - unfold lse; fold S.
    apply (is_derive_ext (fun l => / l * ln (S l))); [intros l; unfold S, Rdiv; now rewrite Rmult_1_l|].
    rewrite M in D; auto_derive; [repeat split; try lra; now exists (dot K p z * S lam)|].
    replace (Derive (fun l => S l) lam) with (dot K p z * S lam)
      by (symmetry; apply is_derive_unique, D).
    field; lra.
  - replace (entropy K p) with (ln (S lam) - lam * dot K p z); [field; lra|].
    apply (Rmult_eq_reg_l (1 / lam)); [rewrite Rmult_minus_distr_l, <- L, <- E; field; lra|].
    apply Rgt_not_eq, Rdiv_lt_0_compat; lra.
Qed.

Lemma mean_below_maximum K z p : probability K p -> dot K p z <= maximum K z.
Proof.
  intros [Hp Sp]; replace (maximum K z) with (maximum K z * sum K p) by (rewrite Sp; ring).
  rewrite <- sum_scal; apply sum_le; intros k Hk.
  rewrite Rmult_comm; apply Rmult_le_compat_r; [auto|apply maximum_ge, Hk].
Qed.

Lemma entropy_pos K z lam : (2 <= K)%nat -> 0 < lam ->
  0 < entropy K (softargmax K z lam).
Proof.
  intros HK Hl; destruct (lse_variational K z lam) as [_ [Hp E]]; [lia|lra|].
  pose proof (mean_below_maximum K z _ Hp) as M.
  destruct (lse_bounds K z lam) as [B _]; [lia|lra|].
  destruct (Rle_lt_or_eq_dec _ _ B) as [L | Eq].
  - apply (Rmult_lt_reg_l (1 / lam)); [apply Rdiv_lt_0_compat|]; lra.
  - apply lse_lower_equality in Eq; [lia|lia|lra].
Qed.

(** For two scores or more, log-sum-exp is strictly decreasing in lambda. *)
(* Mutant, for one score as well: `(2 <= K)` becomes `(1 <= K)` *)
(* Mutant, increasing: `lse K z b < lse K z a` becomes `lse K z a < lse K z b` *)
Theorem lse_decreasing K z a b : (2 <= K)%nat -> 0 < a < b ->
  lse K z b < lse K z a.
Proof.
  intros HK Hab.
  destruct (mean_value (fun l => lse K z l)
    (fun l => - entropy K (softargmax K z l) / l ^ 2) a b) as [c [E Hc]]; [lra| |].
  - intros; apply lse_derivative_in_lambda; [lia|lra].
  - assert (0 < entropy K (softargmax K z c) / c ^ 2).
    { apply Rdiv_lt_0_compat; [apply entropy_pos; [exact HK|lra]|].
      apply pow_lt; lra. }
    unfold Rdiv in *; rewrite Ropp_mult_distr_l_reverse in E; nra.
Qed.

(** So a positive factor c passes through log-sum-exp only if c = 1. *)
(* Mutant, for one score as well: `(2 <= K)` becomes `(1 <= K)` *)
(* Mutant, never: `c = 1` becomes `c < 1` *)
Theorem lse_factor K z c lam : (2 <= K)%nat -> 0 < lam -> 0 < c ->
  lse K (fun k => c * z k) lam = c * lse K z lam -> c = 1.
Proof.
  intros HK Hl Hc E; rewrite lse_scale in E by assumption.
  apply Rmult_eq_reg_l in E; [|lra].
  destruct (Rtotal_order c 1) as [L | [|G]]; [|assumption|]; exfalso.
  - pose proof (lse_decreasing K z (c * lam) lam HK); nra.
  - pose proof (lse_decreasing K z lam (c * lam) HK); nra.
Qed.

(** The mean score plus log K over lambda is a lower bound. *)
(* Mutant, the maximum instead of the mean: `1 / INR K * sum K z` becomes `maximum K z` *)
(* Mutant, the sum instead of the mean: `1 / INR K * sum K z` becomes `sum K z` *)
Theorem lse_mean_bound K z lam : (1 <= K)%nat -> 0 < lam ->
  1 / INR K * sum K z + ln (INR K) / lam <= lse K z lam.
Proof.
  intros HK Hl; assert (HN : 0 < INR K) by (apply lt_0_INR; lia).
  destruct (lse_variational K z lam HK Hl) as [H _]; specialize (H (fun _ => / INR K)).
  unfold entropy, dot in H; rewrite sum_scal, sum_const, ln_Rinv in H by exact HN.
  apply Rle_trans with (2 := H ltac:(split; [intros; apply Rlt_le, Rinv_0_lt_compat, HN
    |rewrite sum_const; field; lra])).
  apply Req_le; field; lra.
Qed.

(** As lambda tends to 0, log-sum-exp without log K over lambda tends to the mean
    score. *)
(* Mutant, the limit is the sum of the scores: `(1 / INR K * sum K z)` becomes `(sum K z)` *)
(* Mutant, lambda tends to infinity: `0 (1 / INR K` becomes `p_infty (1 / INR K` *)
Theorem lse_small_lambda K z : (1 <= K)%nat ->
  is_lim (fun lam => lse K z lam - ln (INR K) / lam) 0 (1 / INR K * sum K z).
Proof.
  intros HK; assert (HN : 0 < INR K) by (apply lt_0_INR; lia).
  set (S := fun l => sum K (fun j => exp (l * z j))).
  assert (S0 : S 0 = INR K).
  { unfold S; rewrite (sum_ext K _ (fun _ => 1)), sum_const; [ring|].
    intros; now rewrite Rmult_0_l, exp_0. }
  assert (D : is_derive (fun l => ln (S l)) 0 (1 / INR K * sum K z)).
  { replace (1 / INR K * sum K z) with (sum K z * / S 0) by (rewrite S0; field; lra).
    apply (is_derive_comp ln S); [apply is_derive_ln; rewrite S0; exact HN|].
    apply (is_derive_sum K (fun l j => exp (l * z j))); intros k _.
    auto_derive; [exact I|rewrite Rmult_0_l, exp_0; ring]. }
  apply is_derive_Reals in D; apply is_lim_spec; intros eps.
  destruct (D eps (cond_pos eps)) as [d Near]; exists d; intros l Hl Nl.
  assert (Hl' : Rabs l < d).
  { replace l with (l - 0) by ring; exact Hl. }
  specialize (Near l Nl Hl'); rewrite Rplus_0_l, S0 in Near.
  unfold lse; fold (S l).
  replace (1 / l * ln (S l) - ln (INR K) / l) with ((ln (S l) - ln (INR K)) / l)
    by (field; exact Nl).
  exact Near.
Qed.

(** As lambda tends to 0, soft(arg)max tends to the uniform distribution. *)
(* Mutant, lambda tends to infinity: `0 (/ INR K)` becomes `p_infty (/ INR K)` *)
(* Mutant, a component tends to 1: `(/ INR K)` becomes `1` *)
Theorem softargmax_small_lambda K z k : place K k ->
  is_lim (fun lam => softargmax K z lam k) 0 (/ INR K).
Proof.
  intros Hk; assert (HK : (1 <= K)%nat) by (unfold place in Hk; lia).
  assert (S0 : sum K (fun j => exp (0 * z j)) = INR K).
  { rewrite (sum_ext K _ (fun _ => 1)), sum_const; [ring|].
    intros; now rewrite Rmult_0_l, exp_0. }
  replace (/ INR K) with (softargmax K z 0 k)
    by (unfold softargmax; rewrite S0, Rmult_0_l, exp_0; unfold Rdiv; ring).
  apply (is_lim_continuity (fun lam => softargmax K z lam k)).
  apply derivable_continuous_pt, ex_derive_Reals_0.
  set (S := fun l => sum K (fun j => exp (l * z j))).
  assert (D : is_derive S 0 (sum K (fun j => z j * exp (0 * z j)))).
  { apply (is_derive_sum K (fun l j => exp (l * z j))); intros j _.
    auto_derive; [exact I|ring]. }
  unfold softargmax; apply (ex_derive_div (fun l => exp (l * z k)) S).
  - auto_derive; exact I.
  - eexists; exact D.
  - apply Rgt_not_eq; unfold S; rewrite S0; apply lt_0_INR; lia.
Qed.

(** ** In floating point *)

(** The shift by the maximum: all exponents are at most 0, and the term 1 of a
    maximiser t stands apart. *)
(* Mutant, the 1 is counted twice: `if Nat.eqb k t then 0 else` becomes `if Nat.eqb k t then 1 else` *)
(* Mutant, the maximum is not added back: `m + 1 / lam * ln (1 + r)` becomes `1 / lam * ln (1 + r)` *)
Theorem lse_stable K z lam t : place K t -> 0 < lam -> z t = maximum K z ->
  let m := maximum K z in
  let r := sum K (fun k => if Nat.eqb k t then 0 else exp (lam * (z k - m))) in
  lse K z lam = m + 1 / lam * ln (1 + r)
  /\ (forall k, place K k -> softargmax K z lam k = exp (lam * (z k - m)) / (1 + r))
  /\ (forall k, place K k -> lam * (z k - m) <= 0).
Proof.
  intros Ht Hl Hm m r; assert (HK : (1 <= K)%nat) by (unfold place in Ht; lia).
  assert (E : sum K (fun j => exp (lam * (z j + - m))) = 1 + r).
  { rewrite (sum_remove K _ t Ht); unfold r, Rminus; f_equal.
    rewrite Hm; fold m; rewrite Rplus_opp_r, Rmult_0_r; apply exp_0. }
  split; [|split; intros k Hk].
  - rewrite <- E; change (1 / lam * ln _) with (lse K (fun j => z j + - m) lam).
    rewrite lse_offset by assumption; ring.
  - rewrite <- (softargmax_offset K z (- m) lam k HK Hl); unfold softargmax.
    now rewrite E.
  - pose proof (maximum_ge K z k Hk); fold m in H; nra.
Qed.
